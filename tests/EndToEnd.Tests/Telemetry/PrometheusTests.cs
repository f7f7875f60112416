using System.Net;
using System.Text.RegularExpressions;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.EndToEnd.Tests.Streaming;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>What a Prometheus fetches from the processes.</summary>
[Collection(nameof(TelemetryStack))]
public sealed partial class PrometheusTests(TelemetryStack telemetry)
{
    private const string Requests = "http_server_request_duration_seconds_count";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => telemetry.Stack;

    [Fact]
    public async Task App_WithTheKey_GivesItsMetrics()
    {
        using var stranger = new HttpClient { BaseAddress = Stack.Http.BaseAddress };
        using var refused = await stranger.GetAsync("metrics", Token);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        await Stack.PredictAsync(StreamStack.Model, 1, SmallData.Row);
        // A request is measured when its caller has the answer already.
        var text = await Eventually.GivesAsync(
            async () => await MetricsAsync() is var now && now.Contains(Requests, StringComparison.Ordinal) ? now : null,
            Requests,
            Token
        );

        Assert.Matches(Line("serverless_predictions_total", $"model=\"{StreamStack.Model}\"", "version=\"1\"", "source=\"http\""), text);
        Assert.Matches(Line("serverless_prediction_duration_seconds_bucket", $"model=\"{StreamStack.Model}\"", "le=\"0.1\""), text);
        Assert.Matches(Line(Requests, "http_route=\"/api/models/{model}/predict\""), text);
    }

    [Fact]
    public async Task Worker_AtThePortThatItsLogNames_GivesItsMetrics()
    {
        using var http = new HttpClient();
        await Stack.DropAsync(SmallData.Definition("scraped"), "a.csv", SmallData.Csv(3));

        var text = await Eventually.GivesAsync(
            async () =>
                await ScrapeAsync(http) is { } seen && seen.Contains("serverless_job_duration", StringComparison.Ordinal) ? seen : null,
            "the metrics of a worker's job",
            Token,
            TimeSpan.FromMinutes(3)
        );

        Assert.Matches(Line("serverless_job_duration_seconds_count", "ending=\"Succeeded\"", "kind=\"Train\"", "pool=\"cpu-local\""), text);
        Assert.Matches(Line("serverless_job_wait_seconds_count", "kind=\"Train\""), text);
    }

    private async Task<string> MetricsAsync()
    {
        using var answer = await Stack.Http.GetAsync("metrics", Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/plain", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsStringAsync(Token);
    }

    /// <summary>The newest worker's; null while there is none.</summary>
    private async Task<string?> ScrapeAsync(HttpClient http)
    {
        var file = Path.Combine(Stack.Local.Folder, "logs", "worker.log");
        if (!File.Exists(file))
        {
            return null;
        }

        using var log = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        if (Address().Matches(await log.ReadToEndAsync(Token)) is not { Count: > 0 } named)
        {
            return null;
        }

        try
        {
            return await http.GetStringAsync(named[^1].Groups["address"].Value, Token);
        }
        catch (HttpRequestException)
        {
            // It has ended; the next one is on its way.
            return null;
        }
    }

    /// <summary>A line of the metric with these labels, in any order.</summary>
    private static string Line(string metric, params string[] labels) =>
        $"(?m)^{metric}{{{string.Concat(labels.Select(label => $"(?=[^\\n]*{Regex.Escape(label)})"))}[^\\n]*}} [0-9]";

    [GeneratedRegex("Metrics for Prometheus at (?<address>http://\\S+)", RegexOptions.None, 5_000)]
    private static partial Regex Address();
}
