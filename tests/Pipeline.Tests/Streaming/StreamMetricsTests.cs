using Serverless.Pipeline.Streaming;
using Serverless.Testing;
using Serverless.Testing.Serving;
using Serverless.Testing.Telemetry;
using static Serverless.Pipeline.Tests.Streaming.StreamRig;

namespace Serverless.Pipeline.Tests.Streaming;

public sealed class StreamMetricsTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static readonly string[] PredictionTags = ["model", "source", "version"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Score_Events_AreCountedAndAgedByModelAndPartition()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        using var told = new Measurements(rig.Meters);

        await rig.ScoreAsync("metrics", Event(Failure(1), 1), Event(Failure(2), 2), Event("x", 3));

        Assert.Equal("not-json", Assert.Single(told.Of("serverless.stream.failures")).Tags["reason"]);
        Assert.Equal(3, Assert.Single(told.Of("serverless.stream.events")).Value);
        var size = Assert.Single(told.Of("serverless.stream.batch"));
        Assert.Equal((3, "metrics"), (size.Value, size.Tags["partition"]));
        Assert.Equal("metrics", Assert.Single(told.Of("serverless.stream.lag")).Tags["partition"]);
        Assert.Equal(2, told.Of("serverless.stream.age").Count(one => one.Value > 0));
    }

    [Fact]
    public async Task Score_Events_GiveTheMetricsOfPredictionsOnceForEachModel()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        using var told = new Measurements(rig.Meters);

        // Torque 60 of type L is class 1, 1 and 2 are class 0.
        await rig.ScoreAsync(Event(Failure(1), 1), Event(Failure(60), 2), Event(Failure(2), 3));

        var counted = Assert.Single(told.Of("serverless.predictions"));
        Assert.Equal(3, counted.Value);
        Assert.Equal(PredictionTags, counted.Tags.Keys.Order());
        Assert.Equal(("failures", 3, "stream"), (counted.Tags["model"], counted.Tags["version"], counted.Tags["source"]));
        Assert.Equal(3, Assert.Single(told.Of("serverless.prediction.rows")).Value);
        Assert.True(Assert.Single(told.Of("serverless.prediction.duration")).Value > 0);
        Assert.Equal(
            [("0", 2), ("1", 1)],
            told.Of("serverless.prediction.classes").Select(one => ((string)one.Tags["class"]!, one.Value)).Order()
        );
        Assert.Empty(told.Of("serverless.prediction.failures"));
    }

    [Fact]
    public async Task Score_RowThatTheModelFailsOn_CountsAsFailedAndTheOthersOnce()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Deploy("brittle", 2, TinyModel.Brittle());
        using var told = new Measurements(rig.Meters);

        var scored = await rig.ScoreAsync(Brittle(7, 1), Brittle(5_000, 2), Brittle(9, 3));

        Assert.Equal((2, 1), (scored.Predictions.Length, scored.DeadLetters));
        Assert.Equal(2, Assert.Single(told.Of("serverless.predictions")).Value);
        Assert.Equal(2, Assert.Single(told.Of("serverless.prediction.rows")).Value);
        Assert.True(Assert.Single(told.Of("serverless.prediction.duration")).Value > 0);
        var failed = Assert.Single(told.Of("serverless.prediction.failures"));
        Assert.Equal((1, "brittle", 2, "stream"), (failed.Value, failed.Tags["model"], failed.Tags["version"], failed.Tags["source"]));
        Assert.Equal("Microsoft.ML.OnnxRuntime.OnnxRuntimeException", failed.Tags["error.type"]);
        Assert.Equal(DeadLetterReason.ScoringFailed, Assert.Single(told.Of("serverless.stream.failures")).Tags["reason"]);
    }

    [Fact]
    public async Task Score_Batch_GivesTheMetricsOfTheMessagingConventions()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        using var told = new Measurements(rig.Meters);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var batch = new EventBatch(Hub, "4", [Event(Failure(1), 1), Event(Failure(2), 2)]) { ConsumerGroup = "scoring" };

        await rig.Scorer.ScoreAsync(batch, Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            rig.Scorer.ScoreAsync(batch with { Events = [Event("x", 3)] }, cancelled.Token)
        );

        var consumed = told.Of("messaging.client.consumed.messages");
        Assert.Equal([2, 1], consumed.Select(one => one.Value));
        var expected = new Dictionary<string, object?>
        {
            ["messaging.operation.name"] = "process",
            ["messaging.system"] = "eventhubs",
            ["messaging.destination.name"] = Hub,
            ["messaging.destination.partition.id"] = "4",
            ["messaging.consumer.group.name"] = "scoring",
        };
        Assert.Equivalent(expected, consumed[0].Tags, strict: true);
        Assert.EndsWith("CanceledException", (string)consumed[1].Tags["error.type"]!, StringComparison.Ordinal);
        var took = told.Of("messaging.process.duration");
        Assert.Equal(consumed.Select(one => one.Tags), took.Select(one => one.Tags));
        Assert.All(took, one => Assert.True(one.Value > 0));
    }

    private static StreamEvent Brittle(double number, long sequence) =>
        Event(FormattableString.Invariant($$"""{"model":"brittle","number":{{number}}}"""), sequence);
}
