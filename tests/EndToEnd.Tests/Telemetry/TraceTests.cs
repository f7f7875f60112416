using Serverless.Cli.Stack;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>What a collector gets of the running system: the app's process and the worker's send to it by themselves.</summary>
[Collection(nameof(TelemetryStack))]
public sealed class TraceTests(TelemetryStack telemetry)
{
    /// <summary>The span of a caller that sends to another collector.</summary>
    private const string CallerSpan = "b7ad6b7169203331";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Collector Collector => telemetry.Collector;

    private TestStack Stack => telemetry.Stack;

    [Fact]
    public async Task Run_FromDropToDeployment_IsOneTraceOverBothProcesses()
    {
        var name = await Stack.PutAsync(SmallData.Definition("traced"));
        await Stack.UploadAsync(name, "a.csv", SmallData.Csv(1));
        var run = await Stack.SucceedsAsync((await Stack.OnlyRunAsync(name)).RunId);
        Assert.True(run.Deployed);

        var job = await SpanAsync("job Train", span => span.Tags["run"] == run.RunId);
        var orchestration = await SpanAsync("orchestration:RunOrchestrator", span => span.TraceId == job.TraceId);
        Assert.Equal(
            ["orchestration:RunOrchestrator", "create_orchestration:RunOrchestrator", "function OnDropEvent"],
            await ChainAsync(orchestration)
        );
        Assert.Equal(["function OfferJob", "activity:OfferJob", "orchestration:RunOrchestrator"], (await ChainAsync(job)).Skip(1).Take(3));
        Assert.Equal("serverless-worker", job.Service);
        foreach (var step in new[] { "train lightgbm", "export", "prove" })
        {
            Assert.Equal("job Train", (await ChainAsync(await SpanAsync(step, span => span.TraceId == job.TraceId)))[1]);
        }

        var deployed = await SpanAsync("function DeployModel", span => span.TraceId == job.TraceId);
        Assert.Equal(["activity:DeployModel", "orchestration:RunOrchestrator"], (await ChainAsync(deployed)).Skip(1).Take(2));
        Assert.Single(Collector.Spans, span => span.Name == "orchestration:RunOrchestrator" && span.TraceId == job.TraceId);

        await PointAsync("serverless.runs", point => point.Tags["state"] == "deployed" && point.Value >= 1);
        await PointAsync("serverless.job.duration", point => point.Tags["ending"] == "Succeeded" && point.Tags["pool"] == "cpu-local");
        await Eventually.HoldsAsync(
            () =>
                Collector.Logs.Any(line =>
                    line.Service == "serverless-worker" && line.TraceId == job.TraceId && line.Tags.GetValueOrDefault("run") == run.RunId
                ),
            "a line of the worker's log with trace and run",
            Token
        );

        await Eventually.HoldsAsync(
            () =>
                Collector.Logs.Any(line =>
                    line.Service == "serverless-app"
                    && line.TraceId == job.TraceId
                    && (Of(line, "run"), Of(line, "model"), Of(line, "version")) == (run.RunId, name, "1")
                ),
            "a line of the app's log with trace, run, model and version",
            Token
        );
        await PointAsync("serverless.drop.wait", point => point.Tags["container"] == "drop" && point.Value >= 1);
        await PointAsync("messaging.process.duration", point => point.Tags["messaging.destination.name"] == "drop-events");

        await PredictAsync(name);
    }

    /// <summary>The other side of <see cref="OffTests"/>: its probe sees who listens.</summary>
    [Fact]
    public async Task Processes_WithTargets_AreListenedTo()
    {
        foreach (var program in new[] { Programs.App, Programs.Worker })
        {
            await Eventually.HoldsAsync(
                () =>
                    telemetry
                        .Listening.Of(program)
                        .Any(lines =>
                            lines.Contains("source Serverless on")
                            && lines.Any(line =>
                                line.StartsWith("instrument Serverless/", StringComparison.Ordinal)
                                && line.EndsWith(" on", StringComparison.Ordinal)
                            )
                            && lines.Contains("assembly OpenTelemetry loaded")
                        ),
                $"listeners in {program}",
                Token
            );
        }
    }

    private async Task PredictAsync(string name)
    {
        await Stack.PredictAsync(name, 1, SmallData.Row);
        const string Caller = "0af7651916cd43dd8448eb211c80319c";
        await telemetry.PredictAsync(name, $"00-{Caller}-{CallerSpan}-01");

        var request = await SpanAsync("POST /api/models/{model}/predict", span => span.TraceId == Caller);
        Assert.Equal(CallerSpan, request.ParentId);
        Assert.Equal("Predict", request.Tags["faas.name"]);
        Assert.Equal("POST", request.Tags["http.request.method"]);
        Assert.Equal("200", request.Tags["http.response.status_code"]);
        Assert.Equal((name, "1", "1"), (request.Tags["model"], request.Tags["version"], request.Tags["rows"]));
        await PointAsync("serverless.predictions", point => point.Tags["model"] == name && point.Tags["source"] == "http");
        await PointAsync("serverless.prediction.classes", point => point.Tags["class"] == "yes");
        await PointAsync("serverless.prediction.duration", point => point.Value >= 1);
        await PointAsync("http.server.request.duration", point => point.Tags["http.route"].EndsWith("predict", StringComparison.Ordinal));
    }

    private static string? Of(SeenLog line, string attribute) => line.Tags.GetValueOrDefault(attribute);

    private Task<SeenSpan> SpanAsync(string name, Func<SeenSpan, bool> which) => Collector.SpanAsync(name, which, Token);

    private Task<IReadOnlyList<string>> ChainAsync(SeenSpan span) => Collector.ChainOfAsync(span, Token, CallerSpan);

    private Task PointAsync(string metric, Func<SeenPoint, bool> which) =>
        Eventually.HoldsAsync(() => Collector.Points.Any(point => point.Metric == metric && which(point)), $"metric '{metric}'", Token);
}
