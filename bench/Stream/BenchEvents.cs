using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Bench.Infer;
using Serverless.Pipeline.Streaming;

namespace Serverless.Bench.Stream;

/// <summary>Rows as events: a JSON object each, with the model's name in it.</summary>
internal static class BenchEvents
{
    public static IReadOnlyList<byte[]> Bodies(BenchRows rows, string model)
    {
        var bodies = new List<byte[]>();
        foreach (var row in JsonNode.Parse(rows.Json)!.AsArray())
        {
            var body = new JsonObject { ["model"] = model };
            foreach (var (name, value) in row!.AsObject())
            {
                body[name] = value?.DeepClone();
            }

            bodies.Add(JsonSerializer.SerializeToUtf8Bytes(body));
        }

        return bodies;
    }

    public static EventBatch Of(BenchRows rows, string model) =>
        new(
            "telemetry",
            "0",
            [
                .. Bodies(rows, model)
                    .Select(
                        (body, i) =>
                            new StreamEvent
                            {
                                Body = body,
                                SequenceNumber = i,
                                Offset = "0",
                                EnqueuedAt = DateTimeOffset.UnixEpoch.AddMilliseconds(i),
                                MessageId = null,
                            }
                    ),
            ]
        );
}
