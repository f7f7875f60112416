using System.Net;
using Serverless.Cli.Api;

namespace Serverless.Cli.Doctor;

/// <summary>Whether an app lives, is ready, and takes the key.</summary>
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
        return [live, ready, await KeyAsync(cancellationToken)];
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
