using System.Diagnostics;
using System.Globalization;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.EndToEnd.Tests.Streaming;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>What Application Insights' endpoint gets of the running system, and what becomes of what it does not take.</summary>
[Collection(nameof(TelemetryStack))]
public sealed class IngestionTests(TelemetryStack telemetry)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Ingestion Ingestion => telemetry.Ingestion;

    private TestStack Stack => telemetry.Stack;

    [Fact]
    public async Task RunAndPrediction_ArriveWithRunModelAndVersion()
    {
        var run = telemetry.Streaming.RunId;
        var caller = Trace(1);
        await telemetry.PredictAsync(StreamStack.Model, caller.Header);

        var request = await ItemAsync("RequestData", item => item.Operation == caller.Id);
        Assert.EndsWith("serverless-app", request.Role, StringComparison.Ordinal);
        Assert.Equal("200", (string)request.Data["responseCode"]!);
        Assert.Equal(
            (StreamStack.Model, "1", run),
            (request.Properties["model"], request.Properties["version"], request.Properties["run"])
        );
        var job = await ItemAsync("RequestData", item => item.Name == "job Train" && item.Properties["run"] == run);
        Assert.EndsWith("serverless-worker", job.Role, StringComparison.Ordinal);
        await ItemAsync("RemoteDependencyData", item => item.Name == "train lightgbm" && item.Operation == job.Operation);
        // The one trace, over both processes.
        await ItemAsync("RequestData", item => item.Role == request.Role && item.Operation == job.Operation);
        await ItemAsync(
            "MessageData",
            item => item.Role == job.Role && item.Operation == job.Operation && item.Properties.GetValueOrDefault("run") == run
        );

        // Metrics go once a minute, and what is left when a process ends.
        foreach (var worker in Stack.Local.Workers.ProcessIds)
        {
            using var stop = Process.Start("kill", ["-TERM", worker.ToString(CultureInfo.InvariantCulture)]);
            await stop.WaitForExitAsync(Token);
        }

        await Stack.Local.App.StopAsync();
        await Stack.Local.App.StartAsync(Token);
        await ItemAsync("MetricData", item => item.Name == "serverless.job.duration" && item.Properties["ending"] == "Succeeded");
        await ItemAsync(
            "MetricData",
            item =>
                item.Name == "serverless.predictions" && (item.Properties["model"], item.Properties["version"]) == (StreamStack.Model, "1")
        );
        Assert.Empty(Ingestion.Errors);
    }

    [Fact]
    public async Task Spans_OfManyTracesAtOnce_AreNotSampled()
    {
        var callers = Enumerable.Range(1000, 60).Select(Trace).ToArray();
        foreach (var caller in callers)
        {
            await telemetry.PredictAsync(StreamStack.Model, caller.Header);
        }

        foreach (var caller in callers)
        {
            await ItemAsync("RequestData", item => item.Operation == caller.Id);
        }
    }

    [Fact]
    public async Task Spans_EndpointRefusesThem_ArriveByTheNextStart()
    {
        var callers = new List<(string Id, string Header)>();
        foreach (var status in (int[])[429, 439, 500])
        {
            callers.Add(Trace(2000 + status));
            var refused = Ingestion.Refused;
            Ingestion.Refuse = status;
            // While it holds back after a refusal, the exporter keeps what comes without asking.
            await Eventually.HoldsAsync(
                async () =>
                {
                    await telemetry.PredictAsync(StreamStack.Model, callers[^1].Header);
                    return Ingestion.Refused > refused;
                },
                $"an answer {status}",
                Token
            );
        }

        Ingestion.Refuse = null;
        callers.Add(Trace(3000));
        var beside = Trace(3001);
        var refusals = 0;
        Ingestion.RefuseItem = item =>
        {
            var refuse = item.Operation == callers[^1].Id;
            Interlocked.Add(ref refusals, refuse ? 1 : 0);
            return refuse ? 500 : 0;
        };
        await telemetry.PredictAsync(StreamStack.Model, callers[^1].Header);
        await telemetry.PredictAsync(StreamStack.Model, beside.Header);
        await ItemAsync("RequestData", item => item.Operation == beside.Id);
        await Eventually.HoldsAsync(() => Volatile.Read(ref refusals) > 0, "the refusal of one item among others", Token);
        Ingestion.RefuseItem = null;

        await Stack.Local.App.StopAsync();
        await Stack.Local.App.StartAsync(Token);
        foreach (var caller in callers)
        {
            await ItemAsync("RequestData", item => item.Operation == caller.Id);
        }
    }

    private static (string Id, string Header) Trace(int number) =>
        number.ToString("x32", CultureInfo.InvariantCulture) is var id ? (id, $"00-{id}-b7ad6b7169203331-01") : default;

    private Task<SeenItem> ItemAsync(string type, Func<SeenItem, bool> which) =>
        Eventually.GivesAsync(
            () => Task.FromResult(Ingestion.Items.FirstOrDefault(item => item.Type == type && which(item))),
            $"a {type} among {string.Join(", ", Ingestion.Items.Select(item => $"{item.Type} {item.Name}").Distinct())}; refused: "
                + string.Join("; ", Ingestion.Errors),
            Token
        );
}
