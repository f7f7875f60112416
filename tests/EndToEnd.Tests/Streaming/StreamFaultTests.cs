using System.Text.Json.Nodes;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Streaming;

/// <summary>The app and the broker are killed, and storage is stopped and started, in turn while events flow.</summary>
public sealed class StreamFaultTests
{
    private const int Poison = 997;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Faults_InTurnWhileEventsFlow_EveryEventIsScoredAtLeastOnce() => FlowAsync(20_000, rounds: 1);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Faults_InTurnWhileManyEventsFlow_EveryEventIsScoredAtLeastOnce()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "Takes minutes; set SOAK=1 to run it.");
        return FlowAsync(200_000, rounds: 4);
    }

    private static async Task FlowAsync(int count, int rounds)
    {
        await using var stack = await StreamStack.StartAsync();
        var (local, faults) = (stack.Stack.Local, new List<(string Name, Func<Task> Do)>());
        for (var round = 0; round < rounds; round++)
        {
            faults.Add(
                (
                    "app killed",
                    async () =>
                    {
                        await local.App.KillAsync();
                        await local.App.StartAsync(Token);
                    }
                )
            );
            faults.Add(
                (
                    "broker killed",
                    async () =>
                    {
                        await local.Hubs!.KillAsync();
                        await local.Hubs.StartAsync(Token);
                    }
                )
            );
            faults.Add(("storage stopped and started", () => local.Azurite.RestartAsync(Token)));
        }

        var each = count / faults.Count;
        for (var i = 0; i < faults.Count; i++)
        {
            var (first, last) = (i * each, i == faults.Count - 1 ? count : (i + 1) * each);
            var half = (first + last) / 2;
            await stack.SendAsync(Enumerable.Range(first, half - first).Select(Event));
            var rest = stack.SendAsync(Enumerable.Range(half, last - half).Select(Event));
            await faults[i].Do();
            await rest;
            TestContext.Current.SendDiagnosticMessage($"{faults[i].Name}; {last} of {count} events sent");
        }

        var open = Enumerable
            .Range(0, count)
            .Where(number => number % Poison != 0)
            .Select(StreamStack.Id)
            .ToHashSet(StringComparer.Ordinal);
        var results = await stack.ReadAsync(Hubs.Predictions, result => open.Remove((string)result["eventId"]!) && open.Count == 0);
        var ids = results.Select(result => (string)result["id"]!).ToHashSet(StringComparer.Ordinal);
        TestContext.Current.SendDiagnosticMessage(
            $"{results.Count} results of {count} events: {ids.Count} ids, {results.Count - ids.Count} scored again"
        );

        Assert.True(open.Count == 0, $"{open.Count} events have no result, the first is {open.FirstOrDefault()}.\n{stack.Stack.Logs()}");
        // One id an event, but for those that the sender itself sent again because their acknowledgement was lost.
        var places = results.GroupBy(Place).ToList();
        Assert.Equal(ids.Count, places.Count);
        Assert.All(places, place => Assert.Single(place.Select(result => (string)result["id"]!).Distinct()));
        var poison = Enumerable
            .Range(0, count)
            .Where(number => number % Poison == 0)
            .Select(StreamStack.Id)
            .ToHashSet(StringComparer.Ordinal);
        await Eventually.HoldsAsync(
            async () => poison.IsSubsetOf((await stack.DeadLettersAsync()).Select(letter => (string)letter["messageId"]!)),
            $"{poison.Count} dead letters",
            Token
        );
    }

    private static OutgoingEvent Event(int number) =>
        number % Poison == 0 ? new OutgoingEvent("{ broken"u8.ToArray(), StreamStack.Id(number)) : StreamStack.Event(number);

    private static (string, long) Place(JsonNode result) => ((string)result["partition"]!, (long)result["sequenceNumber"]!);
}
