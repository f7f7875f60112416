using System.Net;
using System.Text.Json;
using Serverless.Cli.Api;

namespace Serverless.Cli.Doctor;

/// <summary>Whether an app lives, is ready, takes the key, and is of the version of this command line.</summary>
internal sealed class AppCheck(Uri url, string? key)
{
    /// <summary>A cold start is in it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = url, Timeout = Patience };
        var live = await HealthAsync(
            http,
            "live",
            "Is --url the app's address, and is the app running? Under private networking ask from inside.",
            cancellationToken
        );
        if (live.Verdict != Verdict.Ok)
        {
            return [live];
        }

        var ready = await HealthAsync(http, "ready", "It loads its models or misses its storage: see its logs.", cancellationToken);
        var taken = await KeyAsync(cancellationToken);
        // Who refuses the key tells no version either.
        return taken.Verdict == Verdict.Ok ? [live, ready, taken, await VersionAsync(http, cancellationToken)] : [live, ready, taken];
    }

    private static string OurVersion { get; } = typeof(AppCheck).Assembly.GetName().Version!.ToString(3);

    private async Task<Finding> VersionAsync(HttpClient http, CancellationToken cancellationToken)
    {
        const string Check = "app, version";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("v2", UriKind.Relative));
            if (key is not null)
            {
                request.Headers.Add("x-functions-key", key);
            }

            using var answer = await http.SendAsync(request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            var version = json.RootElement.GetProperty("version").GetString();
            return version == OurVersion
                ? Finding.Ok(Check, $"{version}, as this command line")
                : Finding.Warning(
                    Check,
                    $"{version}; this command line is {OurVersion}",
                    "Deploy this version (infra/release.sh), or check out the one that is deployed: settings, roles and routes are compared with this one's."
                );
        }
        catch (Exception other)
            when (other is HttpRequestException or JsonException or InvalidOperationException or KeyNotFoundException
                || (other is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return Finding.Error(Check, $"{url}v2 does not tell its version: {other.Message}", "Is it a Serverless app? See its logs.");
        }
    }

    private async Task<Finding> HealthAsync(HttpClient http, string probe, string advice, CancellationToken cancellationToken)
    {
        var check = $"app, {probe}";
        try
        {
            using var answer = await http.GetAsync(new Uri($"v2/health/{probe}", UriKind.Relative), cancellationToken);
            return answer.IsSuccessStatusCode
                ? Finding.Ok(check, url.ToString())
                : Finding.Error(check, $"{url}v2/health/{probe} answered {(int)answer.StatusCode}", advice);
        }
        catch (HttpRequestException unreachable)
        {
            return Finding.Error(check, $"{url} does not answer: {unreachable.Message}", advice);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Error(check, $"{url} did not answer within {Patience.TotalSeconds:0} s", advice);
        }
    }

    private async Task<Finding> KeyAsync(CancellationToken cancellationToken)
    {
        const string Check = "app, key";
        using var api = new ApiClient(url, key);
        try
        {
            var runs = await api.RunsAsync(pipeline: null, top: 1, cancellationToken);
            return Finding.Ok(
                Check,
                runs.Runs.Count == 0 ? "accepted; no run yet" : $"accepted; newest run {runs.Runs[0].RunId} {runs.Runs[0].State}"
            );
        }
        catch (ApiException refused) when (refused.Status == (int)HttpStatusCode.Unauthorized)
        {
            return Finding.Error(
                Check,
                key is null ? "no key was given" : "the app refuses the key",
                "Name it with --key or SERVERLESS_KEY; in Azure: az functionapp keys list -g GROUP -n APP --query functionKeys.default -o tsv."
            );
        }
        catch (ApiException other)
        {
            return Finding.Error(Check, other.Message, "Is it a Serverless app of this version? See its logs.");
        }
    }
}
