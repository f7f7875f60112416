using System.Text.Json.Nodes;
using Serverless.EndToEnd.Tests.Streaming;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>From a sender's trace over the hub to the predictions: the real broker, the real app.</summary>
[Collection(nameof(TelemetryStack))]
public sealed class StreamTraceTests(TelemetryStack telemetry)
{
    private static readonly string[] Senders =
    [
        "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-1111111111111111-01",
        "00-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-2222222222222222-01",
        "00-cccccccccccccccccccccccccccccccc-3333333333333333-01",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_OfSeveralTraces_AreLinkedToTheirBatchAndItToItsPredictions()
    {
        var sent = new Dictionary<string, string?>
        {
            ["by-traceparent"] = Senders[0],
            ["by-diagnostic-id"] = Senders[1],
            ["once-more"] = Senders[2],
            ["untraced"] = null,
            ["unreadable"] = "no traceparent",
        };
        await telemetry.Streaming.SendAsync(
            sent.Select(
                (one, i) =>
                    StreamStack.Event(i) with
                    {
                        MessageId = one.Key,
                        Properties = one.Value is null ? null : [new(i == 1 ? "Diagnostic-Id" : "traceparent", one.Value)],
                    }
            )
        );

        var open = sent.Keys.ToHashSet();
        var results = await telemetry.Streaming.ReadAsync(Hubs.Predictions, result => open.Remove(Id(result)) && open.Count == 0);

        foreach (var result in results.Where(result => sent.ContainsKey(Id(result))))
        {
            var batch = ((string)result["traceParent"]!).Split('-');
            var process = await telemetry.Collector.SpanAsync("process telemetry", span => span.Id == batch[2], Token);
            Assert.Equal(batch[1], process.TraceId);
            Assert.Equal(["process telemetry", "function OnTelemetry"], await telemetry.Collector.ChainOfAsync(process, Token));
            Assert.Equal((string)result["partition"]!, process.Tags["messaging.destination.partition.id"]);
            Assert.All(process.LinkedTraces, trace => Assert.Contains(Senders, sender => sender.Contains(trace, StringComparison.Ordinal)));
            if (sent[Id(result)] is { } sender && Senders.Contains(sender))
            {
                Assert.Contains(sender.Split('-')[1], process.LinkedTraces);
            }

            var predict = await telemetry.Collector.SpanAsync("predict", span => span.ParentId == process.Id, Token);
            Assert.Equal(StreamStack.Model, predict.Tags["model"]);
            Assert.Equal((string)result["runId"]!, predict.Tags["run"]);
            Assert.Equal($"{result["version"]}", predict.Tags["version"]);
        }

        Assert.True(open.Count == 0, $"No result of {string.Join(", ", open)}.\n{telemetry.Stack.Logs()}");
    }

    private static string Id(JsonNode result) => (string)result["eventId"]!;
}
