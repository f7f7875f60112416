using System.Text.Json.Nodes;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Streaming;
using Serverless.Testing;
using Serverless.Testing.Serving;
using static Serverless.Pipeline.Tests.Streaming.StreamRig;

namespace Serverless.Pipeline.Tests.Streaming;

public sealed class StreamScorerTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Score_Event_GivesAResultThatNamesModelRunAndEvent()
    {
        using var rig = new StreamRig(azurite.StorageClients);

        var scored = await rig.ScoreAsync("7", Event(Failure(60, "H", "\"id\":\"e-1\","), sequence: 42));

        var result = JsonNode.Parse(Assert.Single(scored.Predictions))!;
        Assert.Equal("failures", (string?)result["model"]);
        Assert.Equal(3, (int)result["version"]!);
        Assert.Equal("failures-run3", (string?)result["runId"]);
        Assert.Equal("0123456789abcdef", (string?)result["dataVersion"]);
        Assert.Equal("e-1", (string?)result["eventId"]);
        Assert.Equal("7", (string?)result["partition"]);
        Assert.Equal(42, (long)result["sequenceNumber"]!);
        Assert.Equal(Enqueued.AddMilliseconds(42).UtcDateTime, (DateTime)result["enqueuedAt"]!);
        Assert.Equal(1, (int)result["prediction"]!);
        // The tiny model's score is torque / 10 - 4 + 3 for H, against 0.
        Assert.Equal(1 / (1 + Math.Exp(-5)), (double)result["probability"]!, 1e-12);
        Assert.Empty(scored.Alerts);
        Assert.Equal(0, scored.DeadLetters);
    }

    [Fact]
    public async Task Score_SameEventAgain_GivesTheSameResultIdAlsoByAnotherVersion()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        var first = await rig.ScoreAsync(Event(Failure(60), 5), Event(Failure(60), 6));
        rig.Models.Deploy("failures", 4, TinyModel.Binary(bias: 1));
        await rig.Host.SettleAsync(Token);

        var again = await rig.ScoreAsync(Event(Failure(60), 5), Event(Failure(60), 6));

        Assert.Equal(first.Predictions.Select(Id), again.Predictions.Select(Id));
        Assert.Equal(2, first.Predictions.Select(Id).Distinct().Count());
        Assert.All(again.Predictions, result => Assert.Equal(4, (int)JsonNode.Parse(result)!["version"]!));
    }

    [Theory]
    [InlineData("m-1", "b-1", "m-1")]
    [InlineData(null, "b-1", "b-1")]
    [InlineData(null, null, "0-9-19e7de7bf03")]
    public async Task Score_EventId_IsTheMessagesElseTheBodysElseThePosition(string? message, string? body, string expected)
    {
        using var rig = new StreamRig(azurite.StorageClients);

        var scored = await rig.ScoreAsync(Event(Failure(1, more: body is null ? "" : $"\"id\":\"{body}\","), 9, message));

        Assert.Equal(expected, (string?)JsonNode.Parse(scored.Predictions[0])!["eventId"]);
    }

    [Fact]
    public async Task Score_ModelsMixed_EachEventGoesToItsOwn()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        const string Price = """{"model":"prices","number":1,"integer":2,"flag":true,"at":100,"other":[1,{"a":2}]}""";

        var scored = await rig.ScoreAsync(
            Event(Failure(60), 1),
            Event(Price, 2),
            Event(Failure(10), 3),
            // Named by the property: the body is the row alone, and what it says of a model is another matter.
            Event("""{"number":3,"integer":null,"flag":false,"at":0,"model":"none"}""", 4, model: "prices")
        );

        var results = scored.Predictions.Select(text => JsonNode.Parse(text)!).ToDictionary(result => (long)result["sequenceNumber"]!);
        Assert.Equal(4, results.Count);
        Assert.Equal(1 + 4 + 3 + 100, (double)results[2]["prediction"]!);
        Assert.Equal(3, (double)results[4]["prediction"]!);
        Assert.Equal(1, (int)results[1]["prediction"]!);
        Assert.Equal(0, (int)results[3]["prediction"]!);
    }

    [Fact]
    public async Task Score_BadEventsAmongGoodOnes_AreSetAsideWithTheirReasonAndTheGoodOnesAreScored()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        (string Body, string Reason)[] bad =
        [
            ("{\"model\":\"failures\",", "not-json"),
            ("no json", "not-json"),
            ("", "not-json"),
            ("[1]", "not-json"),
            ("{\"Type\":\"L\"}", "no-model"),
            ("{\"model\":7}", "no-model"),
            ("{\"model\":\"nobody\"}", "unknown-model"),
            (Failure(1).Replace("1}", "\"many\"}"), "wrong-type"),
            (Failure(1).Replace("1}", "1e999}"), "wrong-type"),
            ("""{"model":"failures","Type":{"a":1},"Torque [Nm]":1}""", "wrong-type"),
            ("""{"model":"failures","Type":"L"}""", "missing-column"),
            (Failure(1, more: "\"Type\":\"H\","), "duplicate-column"),
            (Failure(1) + "x", "not-json"),
            (Failure(1, more: $"\"id\":\"{new string('i', 1001)}\","), "wrong-type"),
        ];
        StreamEvent[] events =
        [
            .. bad.SelectMany((one, i) => new[] { Event(one.Body, 2 * i), Event(Failure(50), (2 * i) + 1) }),
            Event([0xFF, 0xFE, 0x00], 2 * bad.Length),
        ];

        var scored = await rig.ScoreAsync("bad", events);

        Assert.Equal(bad.Length, scored.Predictions.Length);
        Assert.Equal(bad.Length + 1, scored.DeadLetters);
        var letters = await rig.DeadLettersAsync("bad");
        Assert.Equal([.. bad.Select(one => one.Reason), "not-json"], letters.Select(letter => (string?)letter["reason"]));
        Assert.Equal(
            [.. Enumerable.Range(0, bad.Length + 1).Select(i => 2L * i)],
            letters.Select(letter => (long)letter["sequenceNumber"]!)
        );
        Assert.All(letters, letter => Assert.Equal("bad", (string?)letter["partition"]));
        Assert.All(letters, letter => Assert.Equal($"{(long)letter["sequenceNumber"]! * 100}", (string?)letter["offset"]));
        Assert.All(letters, letter => Assert.False(string.IsNullOrEmpty((string?)letter["detail"])));
        Assert.Equal(bad.Select(one => one.Body), letters.SkipLast(1).Select(letter => (string?)letter["body"]));
        Assert.Equal("//4A", (string?)letters[^1]["bodyBase64"]);
    }

    [Fact]
    public async Task Score_BatchRedelivered_WritesItsDeadLettersOnce()
    {
        using var rig = new StreamRig(azurite.StorageClients);

        await rig.ScoreAsync("again", Event("x", 1), Event("y", 2));
        await rig.ScoreAsync("again", Event("x", 1), Event("y", 2));

        Assert.Equal(2, (await rig.DeadLettersAsync("again")).Count);
    }

    [Fact]
    public async Task Score_AboveTheModelsThreshold_BecomesAnAlert()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.AlertAbove("failures", 3, 0.5);

        var scored = await rig.ScoreAsync(Event(Failure(60), 1), Event(Failure(10), 2));

        Assert.Equal(2, scored.Predictions.Length);
        var alert = JsonNode.Parse(Assert.Single(scored.Alerts))!;
        Assert.Equal(Id(scored.Predictions[0]), (string?)alert["id"]);
        Assert.Equal(0.5, (double)alert["threshold"]!);
        Assert.Equal((double)JsonNode.Parse(scored.Predictions[0])!["probability"]!, (double)alert["score"]!);
        Assert.Equal(3, (int)alert["version"]!);
    }

    [Fact]
    public async Task Score_ModelsSwappedAllTheWhile_DropsNone()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Register("failures", 4, TinyModel.Binary(bias: 1));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var swaps = Task.Run(
            async () =>
            {
                for (var version = 3; !stop.IsCancellationRequested; version = 7 - version)
                {
                    rig.Models.Promote("failures", version);
                    await rig.Host.SettleAsync(Token);
                }
            },
            Token
        );
        var versions = new HashSet<int>();
        // Long enough to meet swaps: 300 batches can be over before the first.
        for (var batch = 0; batch < 300 || versions.Count < 2; batch++)
        {
            Token.ThrowIfCancellationRequested();
            // As between real batches: where two threads are all there are, the swaps need one of them.
            await Task.Yield();
            if (batch > 1_000_000 || swaps.IsCompleted)
            {
                Assert.Fail($"No swap was met: {swaps.Status}, {swaps.Exception}; {Standing(rig)}");
            }

            var scored = await rig.ScoreAsync([.. Enumerable.Range(0, 20).Select(i => Event(Failure(i), i))]);
            Assert.Equal(20, scored.Predictions.Length);
            // One version a batch: it is pinned.
            versions.Add(Assert.Single(scored.Predictions.Select(text => (int)JsonNode.Parse(text)!["version"]!).Distinct()));
        }

        await stop.CancelAsync();
        await swaps;
        Assert.Equal([3, 4], versions.Order());

        static string Standing(StreamRig rig)
        {
            var slot = rig.Host.Find("failures")!;
            return $"serving {slot.Serving}, target {slot.Target}, loading {slot.Loading.Status}, problem {slot.Problem}";
        }
    }

    [Fact]
    public async Task Score_ModelPutIntoProductionJustNow_IsFound()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        await rig.ScoreAsync(Event(Failure(1)));
        rig.Models.Deploy("new", 1, TinyModel.Binary());

        var scored = await rig.ScoreAsync(Event(Failure(1).Replace("failures", "new")));

        Assert.Single(scored.Predictions);
    }

    [Fact]
    public async Task Score_ModelThatDoesNotLoad_IsWaitedForOnceAndThenSetAside()
    {
        using var rig = new StreamRig(azurite.StorageClients, new StreamingOptions { ModelWait = TimeSpan.FromSeconds(2) });
        rig.Models.Register("broken", 1, TinyModel.Binary(), digest: new string('0', 64));
        rig.Models.Promote("broken", 1);
        var bad = Failure(1).Replace("failures", "broken");

        var first = await rig.ScoreAsync("wait", Event(bad, 1), Event(bad, 2), Event(Failure(1), 3));
        var second = await rig.ScoreAsync("wait", Event(bad, 4), Event(Failure(1), 5));

        Assert.Equal((1, 2), (first.Predictions.Length, first.DeadLetters));
        Assert.Equal((1, 1), (second.Predictions.Length, second.DeadLetters));
        Assert.All(await rig.DeadLettersAsync("wait"), letter => Assert.Equal("model-unavailable", (string?)letter["reason"]));
    }

    [Fact]
    public async Task Score_RegistryAwayAtStart_WaitsAndScoresWhenItIsBack()
    {
        using var rig = new StreamRig(azurite.StorageClients);
        rig.Models.Outage = new IOException("away");
        var scoring = rig.ScoreAsync(Event(Failure(60)));
        await Eventually.HoldsAsync(() => rig.Models.Refused > 1, "two tries", Token);
        Assert.False(scoring.IsCompleted);

        rig.Models.Outage = null;

        Assert.Single((await scoring).Predictions);
    }

    private static string? Id(string result) => (string?)JsonNode.Parse(result)!["id"];
}
