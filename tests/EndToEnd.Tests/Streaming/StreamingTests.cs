using System.Text.Json.Nodes;
using Serverless.Cli.Stack;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Streaming;

/// <summary>Events in, predictions out: a trained model, the real app, the broker in a process of its own.</summary>
public sealed class StreamingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_ComeOutScoredWithAlertsAndDeadLettersAndAModelSwapDropsNone()
    {
        await using var stack = await StreamStack.StartAsync();
        const int Count = 2000;
        var sending = stack.SendAsync([
            .. Enumerable.Range(0, Count).Select(StreamStack.Event),
            new OutgoingEvent("not json"u8.ToArray(), "bad-1"),
            new OutgoingEvent("""{"model":"nobody","x":1}"""u8.ToArray(), "bad-2"),
        ]);
        Assert.Single(await stack.ReadAsync(Hubs.Predictions, _ => true));
        // A second version takes over while they flow.
        await stack.Stack.SucceedsAsync(
            await stack.Stack.DropAsync(
                Stack.SmallData.Definition(StreamStack.Model, "gate: { beatChampionBy: -1 }"),
                "two.csv",
                Stack.SmallData.Csv(seed: 8)
            )
        );
        await sending;
        await stack.SendAsync(Enumerable.Range(Count, Count).Select(StreamStack.Event));

        var open = Enumerable.Range(0, 2 * Count).Select(StreamStack.Id).ToHashSet(StringComparer.Ordinal);
        var results = await stack.ReadAsync(Hubs.Predictions, result => open.Remove((string)result["eventId"]!) && open.Count == 0);

        Assert.True(open.Count == 0, $"{open.Count} events have no result, the first is {open.FirstOrDefault()}.\n{stack.Stack.Logs()}");
        Assert.Equal(2 * Count, results.Select(Id).Distinct().Count());
        Assert.All(results, result => Assert.Equal(StreamStack.Model, (string)result["model"]!));
        Assert.Contains(1, results.Select(result => (int)result["version"]!));
        Assert.All(results, result => Assert.StartsWith(StreamStack.Model, (string)result["runId"]!, StringComparison.Ordinal));
        var alerts = await stack.ReadAsync(Hubs.Alerts, _ => true);
        Assert.True((double)Assert.Single(alerts)["score"]! > 0.5);
        var letters = await Eventually.GivesAsync(
            async () => await stack.DeadLettersAsync() is { Count: >= 2 } all ? all : null,
            "the dead letters",
            Token
        );
        Assert.Equal(["bad-1", "bad-2"], letters.Select(letter => (string)letter["messageId"]!).Order());
        Assert.Equal(["not-json", "unknown-model"], letters.Select(letter => (string)letter["reason"]!).Order());
        await SendByCommandAsync(stack);
    }

    /// <summary><c>serverless send --wait</c>, as a person would.</summary>
    private static async Task SendByCommandAsync(StreamStack stack)
    {
        using var folder = new TestFolder();
        var rows = folder.Write("rows.csv", "x,y,kind,name\n0.9,0.8,a,first\n0.1,0.1,b,second\n");
        var hubs = stack.Stack.Local.Hubs!.ConnectionString;
        await using var send = ChildProcess.Start(
            Programs.Start(
                Programs.Cli,
                "send",
                ["send", rows, "--model", StreamStack.Model, "--id", "name", "--wait", "--connection", hubs],
                null
            )
        );

        var code = await send.Exited.WaitAsync(2 * Eventually.Deadline, Token);

        Assert.True(code == 0, send.Tail);
        Assert.Contains("2 results, 0 of them doubles, 0 missing", send.Tail, StringComparison.Ordinal);
        Assert.Contains("\"eventId\":\"second\"", send.Tail, StringComparison.Ordinal);
    }

    private static string Id(JsonNode result) => (string)result["id"]!;
}
