using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>What a collector gets of the running system: the app's process and the worker's send to it by themselves.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    /// <summary>The span of a caller that sends to another collector.</summary>
    private const string CallerSpan = "b7ad6b7169203331";

    private Collector? collector;
    private TestStack? stack;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Collector Collector => collector!;

    private TestStack Stack => stack!;

    public async ValueTask InitializeAsync()
    {
        collector = await Collector.StartAsync();
        stack = await TestStack.StartAsync(environment: collector.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        await Collector.DisposeAsync();
    }

    [Fact]
    public async Task Run_FromDropToDeployment_IsOneTraceOverBothProcesses()
    {
        var name = await Stack.PutAsync(SmallData.Definition("traced"));
        await Stack.UploadAsync(name, "a.csv", SmallData.Csv(1));
        var run = await Stack.SucceedsAsync((await Stack.OnlyRunAsync(name)).RunId);
        Assert.True(run.Deployed);

        var orchestration = await SpanAsync("orchestration:RunOrchestrator");
        var job = await SpanAsync("job Train");
        Assert.Equal(
            ["orchestration:RunOrchestrator", "create_orchestration:RunOrchestrator", "function OnDropEvent"],
            ChainOf(orchestration)
        );
        Assert.Equal(["function OfferJob", "activity:OfferJob", "orchestration:RunOrchestrator"], ChainOf(job).Skip(1).Take(3));
        Assert.Equal("serverless-worker", job.Service);
        Assert.Equal(run.RunId, job.Tags["run"]);
        foreach (var step in new[] { "train lightgbm", "export", "prove" })
        {
            Assert.Equal("job Train", ChainOf(await SpanAsync(step))[1]);
        }

        var deployed = await SpanAsync("function DeployModel");
        Assert.Equal(["activity:DeployModel", "orchestration:RunOrchestrator"], ChainOf(deployed).Skip(1).Take(2));
        Assert.Equal(orchestration.TraceId, job.TraceId);
        Assert.Equal(orchestration.TraceId, deployed.TraceId);
        Assert.Single(Collector.Spans, span => span.Name == "orchestration:RunOrchestrator");

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

        await PredictAsync(name);
    }

    private async Task PredictAsync(string name)
    {
        await Stack.PredictAsync(name, 1, SmallData.Row);
        const string Caller = "0af7651916cd43dd8448eb211c80319c";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"api/models/{name}/predict")
        {
            Content = new StringContent(SmallData.Row, System.Text.Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("traceparent", $"00-{Caller}-{CallerSpan}-01");
        using var answer = await Stack.Http.SendAsync(request, Token);
        Assert.True(answer.IsSuccessStatusCode);

        var predicted = await SpanAsync("predict", span => span.TraceId == Caller);
        await SpanAsync("POST /api/models/{model}/predict", span => span.TraceId == Caller);
        Assert.Equal(["function Predict", "POST /api/models/{model}/predict"], ChainOf(predicted).Skip(1).Take(2));
        Assert.Equal("1", predicted.Tags["version"]);
        await PointAsync("serverless.predictions", point => point.Tags["model"] == name && point.Tags["source"] == "http");
        await PointAsync("serverless.prediction.classes", point => point.Tags["class"] == "yes");
        await PointAsync("serverless.prediction.duration", point => point.Value >= 1);
        await PointAsync("http.server.request.duration", point => point.Tags["http.route"].EndsWith("predict", StringComparison.Ordinal));
    }

    private Task<SeenSpan> SpanAsync(string name, Func<SeenSpan, bool>? which = null) =>
        Eventually.GivesAsync(
            () => Task.FromResult(Collector.Spans.FirstOrDefault(span => span.Name == name && (which is null || which(span)))),
            $"span '{name}' among {string.Join(", ", Collector.Spans.Select(span => span.Name).Distinct())}",
            Token
        );

    private Task PointAsync(string metric, Func<SeenPoint, bool> which) =>
        Eventually.HoldsAsync(() => Collector.Points.Any(point => point.Metric == metric && which(point)), $"metric '{metric}'", Token);

    /// <summary>Names from the span up to its root, or to the caller; each parent between was received.</summary>
    private List<string> ChainOf(SeenSpan span)
    {
        var chain = new List<string> { span.Name };
        for (var now = span; now.ParentId is not ("" or CallerSpan); chain.Add(now.Name))
        {
            now = Assert.Single(Collector.Spans, parent => parent.Id == now.ParentId);
            Assert.Equal(span.TraceId, now.TraceId);
        }

        return chain;
    }
}
