using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Serverless.Pipeline.Streaming;
using Serverless.Testing;
using Serverless.Testing.Serving;
using static Serverless.Pipeline.Tests.Streaming.StreamRig;

namespace Serverless.Pipeline.Tests.Streaming;

/// <summary>Models that fail, are slow or hang: what becomes of their events, and of the others.</summary>
public sealed class StreamFaultTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const double Endless = 1e15;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Score_RowsThatTheModelFailsOn_AreSetAsideAndTheOthersOfTheirBatchAreScored()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Deploy("odd", 1, OddModel.Fails());

        var scored = await rig.ScoreAsync("poison", Odd(3, 1), Odd(70, 2), Event(Failure(60), 3), Odd(9, 4), Odd(-40, 5));

        Assert.Equal(
            [(1L, 30.0), (4, 90), (3, 1)],
            scored.Predictions.Select(text => JsonNode.Parse(text)!).Select(r => ((long)r["sequenceNumber"]!, (double)r["prediction"]!))
        );
        var letters = await rig.DeadLettersAsync("poison");
        Assert.Equal([2, 5], letters.Select(letter => (long)letter["sequenceNumber"]!));
        Assert.All(letters, letter => Assert.Equal("scoring-failed", (string?)letter["reason"]));
        Assert.All(letters, letter => Assert.Equal("odd", (string?)letter["model"]));
        Assert.Contains("indices element out of data bounds", (string?)letters[0]["detail"]);
        // The model itself is none the worse.
        Assert.Single((await rig.ScoreAsync("poison", Odd(5, 6))).Predictions);
    }

    [Fact]
    public async Task Score_ModelDoesNotEnd_ItsEventsAreSetAsideInTimeAndTheOthersAreScored()
    {
        using var rig = new StreamRig(azurite.StorageClients, new StreamingOptions { ScoreWait = TimeSpan.FromSeconds(4) });
        rig.Models.Deploy("odd", 2, OddModel.Slow());

        var scored = await rig.ScoreAsync("hangs", Odd(1, 1), Odd(Endless, 2), Event(Failure(60), 3));

        Assert.Equal(3, (long)JsonNode.Parse(Assert.Single(scored.Predictions))!["sequenceNumber"]!);
        var letters = await rig.DeadLettersAsync("hangs");
        Assert.Equal([1, 2], letters.Select(letter => (long)letter["sequenceNumber"]!));
        Assert.All(letters, letter => Assert.Equal("scoring-timeout", (string?)letter["reason"]));
        Assert.StartsWith(
            "Model 'odd' version 2 had not scored its 2 events of the batch after 00:00:04; raise",
            (string?)letters[0]["detail"]
        );
        Assert.Single((await rig.ScoreAsync("hangs", Odd(5, 4))).Predictions);
    }

    [Fact]
    public async Task Score_ModelThatHangsIsReplaced_TheNextBatchIsTheNewVersions()
    {
        using var rig = new StreamRig(azurite.StorageClients, new StreamingOptions { ScoreWait = TimeSpan.FromSeconds(2) });
        rig.Models.Deploy("odd", 1, OddModel.Slow());
        // Loaded before it is replaced: else the load that is under way takes the place of the new one.
        await rig.ScoreAsync("swapped", Odd(5, 0));
        var first = rig.ScoreAsync("swapped", Odd(Endless, 1));
        rig.Models.Deploy("odd", 2, OddModel.Fails());
        await rig.Host.SettleAsync(Token);

        var second = await rig.ScoreAsync("other", Odd(5, 2));

        Assert.Equal(2, (int)JsonNode.Parse(Assert.Single(second.Predictions))!["version"]!);
        Assert.Equal(1, (await first).DeadLetters);
    }

    [Fact]
    public async Task Score_CancelledWhileTheModelRuns_EndsAtOnceAndSetsNothingAside()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Deploy("odd", 1, OddModel.Slow());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var scoring = rig.Scorer.ScoreAsync(new EventBatch(Hub, "cancelled", [Odd(Endless, 1)]), stop.Token);
        stop.CancelAfter(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scoring.WaitAsync(Eventually.Deadline, Token));

        Assert.Empty(await rig.DeadLettersAsync("cancelled"));
    }

    [Fact]
    public async Task Score_SlowModel_LagSaysHowFarItsPartitionIsBehindAndNothingIsLost()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Deploy("odd", 1, OddModel.Slow());
        var lags = new ConcurrentQueue<(string? Partition, double Seconds)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == rig.Meters && instrument.Name == "serverless.stream.lag")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => lags.Enqueue(((string?)tags[0].Value, value)));
        listener.Start();

        // All events came at once; as the trigger does, each batch waits for the one before.
        var came = TimeProvider.System.GetUtcNow();
        var clock = Stopwatch.StartNew();
        var ids = new List<string>();
        var waited = new List<double>();
        for (var batch = 0; batch < 4; batch++)
        {
            waited.Add(clock.Elapsed.TotalSeconds);
            var events = Enumerable.Range(batch * 10, 10).Select(i => Odd(200_000, i) with { EnqueuedAt = came }).ToArray();
            var scored = await rig.ScoreAsync("slow", events);
            Assert.Equal(0, scored.DeadLetters);
            ids.AddRange(scored.Predictions.Select(text => (string)JsonNode.Parse(text)!["id"]!));
        }

        Assert.Equal(40, ids.Distinct().Count());
        Assert.Equal(["slow", "slow", "slow", "slow"], lags.Select(lag => lag.Partition));
        var seconds = lags.Select(lag => lag.Seconds).ToList();
        Assert.Equal(seconds.Order(), seconds);
        // Clocks differ by their resolution.
        Assert.All(seconds.Zip(waited), pair => Assert.True(pair.First >= pair.Second - 0.05, $"{pair}"));
        Assert.True(seconds[^1] > 0.1, $"The model was not slow: {string.Join(", ", seconds)}");
    }

    private static StreamEvent Odd(double number, long sequence) =>
        Event($$"""{"model":"odd","number":{{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}""", sequence);
}
