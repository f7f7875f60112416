using System.Collections;
using System.Text.Json;
using Azure.Messaging.EventHubs;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>Where a function's events come from.</summary>
internal sealed record PartitionContext(string FullyQualifiedNamespace, string EventHubName, string ConsumerGroup, string PartitionId);

/// <summary>What starts a function: the events of one batch, or one event.</summary>
internal sealed record EventHubInput(PartitionContext Partition, IReadOnlyList<EventData> Events);

/// <summary>
/// The binding data of an invocation, as the platform's worker gets it: the partition as JSON, and of events their properties, one each or
/// an array. Made when it is asked for: most functions never do.
/// </summary>
internal sealed class EventHubFacts(EventHubInput input, bool batched) : IReadOnlyDictionary<string, object?>
{
    private static readonly Dictionary<string, Func<EventData, object?>> Each = new(StringComparer.OrdinalIgnoreCase)
    {
        ["PartitionKey"] = e => e.PartitionKey,
        ["Offset"] = e => e.OffsetString,
        ["SequenceNumber"] = e => e.SequenceNumber,
        ["EnqueuedTimeUtc"] = e => e.EnqueuedTime.UtcDateTime,
        ["Properties"] = e => e.Properties,
        ["SystemProperties"] = e => e.SystemProperties,
    };

    private const string Array = "Array";

    public IEnumerable<string> Keys => Each.Keys.Select(key => batched ? key + Array : key).Prepend(nameof(PartitionContext));

    public IEnumerable<object?> Values => Keys.Select(key => this[key]);

    public int Count => Each.Count + 1;

    public object? this[string key] =>
        TryGetValue(key, out var value)
            ? value
            : throw new KeyNotFoundException($"There is no binding data '{key}'; there is {string.Join(", ", Keys)}.");

    public bool ContainsKey(string key) => Keys.Contains(key, StringComparer.OrdinalIgnoreCase);

    public bool TryGetValue(string key, out object? value)
    {
        if (key.Equals(nameof(PartitionContext), StringComparison.OrdinalIgnoreCase))
        {
            value = JsonSerializer.Serialize(input.Partition);
            return true;
        }
        var name =
            batched && key.EndsWith(Array, StringComparison.OrdinalIgnoreCase) ? key[..^Array.Length]
            : batched ? ""
            : key;
        if (!Each.TryGetValue(name, out var read))
        {
            value = null;
            return false;
        }
        value = batched ? JsonSerializer.Serialize(input.Events.Select(read)) : Text(read(input.Events[0]));
        return true;
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        Keys.Select(key => KeyValuePair.Create(key, this[key])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string? Text(object? value) => value is string or null ? (string?)value : JsonSerializer.Serialize(value);
}
