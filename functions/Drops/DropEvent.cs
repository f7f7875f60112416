using System.Globalization;
using System.Text.Json;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Drops;

/// <summary>What a message of queue <c>drop-events</c> says: Event Grid's <c>Microsoft.Storage.BlobCreated</c>.</summary>
/// <param name="Kind">What to do with it.</param>
/// <param name="Blob">Name of the blob in its container; null when the message speaks of something else.</param>
/// <param name="Reason">Why it is ignored.</param>
public sealed record DropEvent(DropEventKind Kind, string? Blob, string? Reason)
{
    private const string Created = "Microsoft.Storage.BlobCreated";
    private const string Drops = $"/blobServices/default/containers/{Containers.Drop}/blobs/";
    private const string Batches = $"/blobServices/default/containers/{Containers.Batch}/blobs/";

    /// <summary>When the blob was there; null where the event does not say it.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Never throws: a message that cannot be read is ignored with its reason, so that it cannot poison the queue.</summary>
    public static DropEvent Parse(string message)
    {
        try
        {
            using var document = JsonDocument.Parse(message);
            var root = document.RootElement;
            // Event Grid delivers single events into queues; a schema of batches would put them into an array.
            if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == 1)
            {
                root = root[0];
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return Ignored($"found {root.ValueKind} where an event was expected");
            }

            // "type" is the name of the same field in the CloudEvents schema.
            var type = Text(root, "eventType") ?? Text(root, "type");
            if (type != Created)
            {
                return Ignored($"its type is '{type}', not {Created}");
            }

            var subject = Text(root, "subject");
            var found = In(subject, Drops, DropEventKind.Drop) ?? In(subject, Batches, DropEventKind.Batch);
            // "time" in the CloudEvents schema.
            return found is not null
                ? found with
                {
                    At = Time(Text(root, "eventTime") ?? Text(root, "time")),
                }
                : Ignored($"its subject is '{subject}', expected {Drops}{{pipeline}}/{{file}} or {Batches}{{model}}/{{file}}");
        }
        catch (JsonException broken)
        {
            return Ignored($"it is no JSON: {broken.Message}");
        }
    }

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    private static DropEvent? In(string? subject, string container, DropEventKind kind) =>
        subject is not null && subject.StartsWith(container, StringComparison.Ordinal) && subject.Length > container.Length
            ? new DropEvent(kind, subject[container.Length..], null)
            : null;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DropEvent Ignored(string reason) => new(DropEventKind.Ignored, null, reason);
}

public enum DropEventKind
{
    Ignored,

    /// <summary>A file for a pipeline.</summary>
    Drop,

    /// <summary>Rows for a model.</summary>
    Batch,
}
