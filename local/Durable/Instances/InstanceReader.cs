using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Reads what an entry does not hold out of the log.</summary>
internal sealed class InstanceReader(EngineParts parts)
{
    // The compactor may drop a segment between two reads; the table then knows the new place.
    private const int Attempts = 5;

    public static Complete? ReadEnd(HistoryStore store, string id, HistoryPlace place) =>
        place.End < 0 ? null : store.Read(place.End, id).Turns.SelectMany(turn => turn.Decisions).OfType<Complete>().LastOrDefault();

    public OrchestrationMetadata? Read(InstanceEntry entry, bool withData) => Steadily(entry, entry => ReadOnce(entry, withData));

    /// <summary>What the instance was started with.</summary>
    public ExecutionStarted ReadStart(InstanceEntry entry) =>
        Steadily(
            entry,
            entry =>
                ReadStart(entry.Id, PlaceOf(entry))
                ?? throw new HistoryDamagedException($"the record at position {PlaceOf(entry).First} has no start")
        );

    public List<Turn> ReadHistory(InstanceEntry entry) => Steadily(entry, entry => parts.Store.ReadAll(entry.Id, PlaceOf(entry)));

    private static HistoryPlace PlaceOf(InstanceEntry entry)
    {
        lock (entry)
            return entry.Place;
    }

    private T Steadily<T>(InstanceEntry entry, Func<InstanceEntry, T> read)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return read(entry);
            }
            catch (Exception exception) when (exception is ArgumentOutOfRangeException or ObjectDisposedException && attempt < Attempts)
            {
                // Read again at the new place; the entry may have left the memory before it was moved.
                entry = parts.Table.TryGet(entry.Id, out var now) ? now : entry;
            }
        }
    }

    private OrchestrationMetadata? ReadOnce(InstanceEntry entry, bool withData)
    {
        string name;
        OrchestrationRuntimeStatus status;
        long created;
        long updated;
        HistoryPlace place;
        lock (entry)
        {
            if (entry.Execution == 0)
                return null;
            (name, status, created, updated, place) = (entry.Name, entry.Status, entry.CreatedAt, entry.UpdatedAt, entry.Place);
        }
        Complete? end = null;
        ExecutionStarted? started = null;
        string? customStatus = null;
        TaskFailureDetails? damage = null;
        try
        {
            // A failure belongs to every answer, inputs and outputs only where they were asked for.
            if (withData || status == OrchestrationRuntimeStatus.Failed)
                end = ReadEnd(parts.Store, entry.Id, place);
            if (withData)
            {
                customStatus = ReadStatus(entry.Id, place);
                started = ReadStart(entry.Id, place);
            }
        }
        catch (HistoryDamagedException damaged)
        {
            // What can be read of it is shown: a page of others must not fail for it.
            damage = Failures.Of(Failures.Damaged, Messages.Unreadable(entry.Id, damaged.Message));
        }
        return new OrchestrationMetadata(name, entry.Id)
        {
            RuntimeStatus = status,
            CreatedAt = new DateTimeOffset(created, TimeSpan.Zero),
            LastUpdatedAt = new DateTimeOffset(updated, TimeSpan.Zero),
            FailureDetails = end?.Failure ?? damage,
            SerializedInput = started?.Input,
            SerializedOutput = withData ? end?.Output : null,
            // The platform stores the JSON null of a status that was never set.
            SerializedCustomStatus = withData ? customStatus ?? "null" : null,
            Tags = started?.Tags ?? NoTags.Value,
            DataConverter = withData ? parts.Options.Converter : null,
        };
    }

    private ExecutionStarted? ReadStart(string id, HistoryPlace place) =>
        place.First < 0
            ? null
            : parts.Store.Read(place.First, id).Turns.SelectMany(turn => turn.Events).OfType<ExecutionStarted>().FirstOrDefault();

    private string? ReadStatus(string id, HistoryPlace place) =>
        place.Status < 0 ? null : parts.Store.Read(place.Status, id).Turns.LastOrDefault(turn => turn.SetsStatus)?.CustomStatus;
}
