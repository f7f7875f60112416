using System.Text;
using Serverless.Pipeline.Tests.Batch;
using Serverless.Pipeline.Tests.Serving;
using Serverless.Testing;
using Serverless.Testing.Serving;
using Serverless.Testing.Telemetry;

namespace Serverless.Pipeline.Tests.Telemetry;

/// <summary>Requests and batch jobs measure on the process's own meter: these tests have models of their own names.</summary>
public sealed class PredictionMetricsTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Predictions = "serverless.predictions";
    private const string Classes = "serverless.prediction.classes";
    private const string Duration = "serverless.prediction.duration";
    private const string Rows = "serverless.prediction.rows";
    private const string Failures = "serverless.prediction.failures";

    [Fact]
    public async Task Request_OfThreeRows_IsCountedWithItsClassesAndItsTime()
    {
        using var serving = new ServingFixture();
        serving.Models.Deploy("counted", 5, TinyModel.Binary());
        await serving.Host.SettleAsync(TestContext.Current.CancellationToken);
        using var told = new Measurements();

        var (status, _) = await serving.PredictAsync(
            "counted",
            Bytes("""[{"Type":"L","Torque [Nm]":60},{"Type":"L","Torque [Nm]":1},{}]""")
        );

        Assert.Equal(200, status);
        var counted = Assert.Single(Of(told, Predictions, "counted"));
        Assert.Equal((3, 5, "http"), (counted.Value, counted.Tags["version"], counted.Tags["source"]));
        Assert.Equal(3, Assert.Single(Of(told, Rows, "counted")).Value);
        Assert.True(Assert.Single(Of(told, Duration, "counted")).Value > 0);
        Assert.Equal([("0", 2), ("1", 1)], ByClass(Of(told, Classes, "counted")));
    }

    [Fact]
    public async Task Request_ThatTheModelFailsOn_IsCountedAsFailed()
    {
        using var serving = new ServingFixture();
        serving.Models.Deploy("breaks", 1, TinyModel.Brittle());
        await serving.Host.SettleAsync(TestContext.Current.CancellationToken);
        using var told = new Measurements();

        var (status, _) = await serving.PredictAsync("breaks", Bytes("""[{"number":1},{"number":5000}]"""));

        Assert.Equal(500, status);
        var failed = Assert.Single(Of(told, Failures, "breaks"));
        Assert.Equal((2, "http"), (failed.Value, failed.Tags["source"]));
        Assert.Equal("Microsoft.ML.OnnxRuntime.OnnxRuntimeException", failed.Tags["error.type"]);
        Assert.Empty(Of(told, Predictions, "breaks"));
    }

    [Fact]
    public async Task BatchJob_InChunks_IsCountedAsItsSummarySays()
    {
        using var rig = new BatchRig(azurite.StorageClients);
        await rig.RegisterAsync("batched", TinyModel.Binary());
        var lines = Enumerable
            .Range(0, 40)
            .Select(row => $"L,{(row == 7 ? "much" : row % 4 == 0 ? "60" : "1")}");
        var request = await rig.DropAsync("batched", "rows.csv", $"Type,Torque [Nm]\n{string.Join('\n', lines)}\nL,1,2,3\n");
        using var told = new Measurements();

        var summary = await rig.RunAsync(request);

        Assert.True(summary.Parts.Count > 2);
        Assert.Equal(2, summary.Failed);
        var counted = Of(told, Predictions, "batched");
        Assert.Equal(summary.Parts.Count, counted.Count);
        Assert.All(counted, one => Assert.Equal((1, "batch"), (one.Tags["version"], one.Tags["source"])));
        Assert.Equal(summary.Classes!.Values.Sum(), counted.Sum(one => one.Value));
        Assert.Equal(
            summary.Classes.Select(one => (one.Key, (double)one.Value)).Order(),
            Of(told, Classes, "batched")
                .GroupBy(one => (string)one.Tags["class"]!)
                .Select(one => (one.Key, one.Sum(part => part.Value)))
                .Order()
        );
        Assert.Equal(counted.Select(one => one.Value).Order(), Of(told, Rows, "batched").Select(one => one.Value).Order());
        Assert.All(Of(told, Duration, "batched"), one => Assert.True(one.Value > 0));
        Assert.Equal(
            [("bad-value", 1), ("no-row", 1)],
            Of(told, Failures, "batched").Select(one => ((string)one.Tags["error.type"]!, one.Value)).Order()
        );
    }

    private static byte[] Bytes(string json) => Encoding.UTF8.GetBytes(json);

    private static List<Measurement> Of(Measurements told, string metric, string model) =>
        [.. told.Of(metric).Where(one => (string?)one.Tags["model"] == model)];

    private static IEnumerable<(string, double)> ByClass(IEnumerable<Measurement> classes) =>
        classes.Select(one => ((string)one.Tags["class"]!, one.Value)).Order();
}
