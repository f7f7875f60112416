using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Serverless.Local.Durable;

/// <summary>
/// The instances by id, and the line of those with something to do. In memory are those that live; the others are in the index, and come back
/// for a message.
/// </summary>
internal sealed class InstanceTable(InstanceIndex index)
{
    private const int Stripes = 64;

    private readonly ConcurrentDictionary<string, InstanceEntry> entries = new(StringComparer.Ordinal);
    private readonly Channel<InstanceEntry> ready = Channel.CreateUnbounded<InstanceEntry>();
    private readonly Lock idleGate = new();
    private readonly object[] loading = [.. Enumerable.Range(0, Stripes).Select(_ => new object())];
    private TaskCompletionSource? idle;
    private int busy;

    public ICollection<InstanceEntry> InMemory => entries.Values;

    public int Count => entries.Count;

    public ChannelReader<InstanceEntry> Ready => ready.Reader;

    public bool IsInMemory(string id) => entries.ContainsKey(id);

    public bool TryGetInMemory(string id, [NotNullWhen(true)] out InstanceEntry? entry) => entries.TryGetValue(id, out entry);

    /// <summary>To be looked at: one that has ended is not brought back for it.</summary>
    public bool TryGet(string id, [NotNullWhen(true)] out InstanceEntry? entry)
    {
        while (true)
        {
            if (entries.TryGetValue(id, out entry))
                return entry.Execution != 0;
            if (index.Find(id) is not { } image)
                return false;
            // Else it came into memory between the two looks.
            if (InstanceEntry.IsFinal(image.Status) && !image.NeedsHistory)
            {
                entry = Of(image);
                return true;
            }
        }
    }

    /// <summary>In memory, whether it lives or not.</summary>
    public InstanceEntry GetOrAdd(string id) => Load(id, add: true)!;

    /// <summary>Takes in what the index has of an instance that goes on.</summary>
    public void Restore(InstanceImage image) => entries.TryAdd(image.Id, Of(image));

    /// <summary>Puts a message into an instance's inbox; only a start makes an instance. False: there is none.</summary>
    public bool Post(string id, Message message)
    {
        while (true)
        {
            if (!entries.TryGetValue(id, out var entry))
            {
                entry = message is StartMessage { IsOfNewId: true }
                    ? entries.GetOrAdd(id, static id => new InstanceEntry(id))
                    : Load(id, message is StartMessage);
                if (entry is null)
                    return false;
            }
            if (PostTo(entry, message))
                return true;
        }
    }

    /// <summary>The same for one that is in memory; false: it is not any more.</summary>
    public bool PostTo(InstanceEntry entry, Message message)
    {
        if (!entry.TryAdd(message, out var wake))
            return false;
        if (wake)
        {
            Interlocked.Increment(ref busy);
            ready.Writer.TryWrite(entry);
        }
        return true;
    }

    /// <summary>Ends a turn of an entry; false: there is more to do.</summary>
    public bool Release(InstanceEntry entry)
    {
        if (entry.Release())
        {
            ready.Writer.TryWrite(entry);
            return false;
        }
        if (Interlocked.Decrement(ref busy) == 0)
        {
            lock (idleGate)
            {
                if (Volatile.Read(ref busy) == 0)
                    idle?.TrySetResult();
            }
        }
        return true;
    }

    public void Remove(InstanceEntry entry)
    {
        // Out of the dictionary first: who comes too late makes a new entry.
        entries.TryRemove(new KeyValuePair<string, InstanceEntry>(entry.Id, entry));
        foreach (var late in entry.Remove())
        {
            if (!Post(entry.Id, late))
                late.Done?.TrySetException(new ArgumentException(Messages.NotFound(entry.Id)));
        }
    }

    /// <summary>Takes an entry out of memory that the index has up to a record, where it has had none since.</summary>
    public void Evict(InstanceEntry entry, long last)
    {
        // Under the entry's lock: who finds it out of use finds it out of the dictionary as well.
        lock (entry)
        {
            if (entry.TryRetire(last))
                entries.TryRemove(new KeyValuePair<string, InstanceEntry>(entry.Id, entry));
        }
    }

    public void Clear() => entries.Clear();

    /// <summary>Completes when no instance has anything to do.</summary>
    public Task WhenIdle()
    {
        lock (idleGate)
        {
            if (Volatile.Read(ref busy) == 0)
                return Task.CompletedTask;
            idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return idle.Task;
        }
    }

    public void Close() => ready.Writer.TryComplete();

    /// <summary>As the index has it.</summary>
    public static InstanceEntry Of(InstanceImage image)
    {
        var entry = new InstanceEntry(image.Id);
        entry.Restore(image);
        return entry;
    }

    private InstanceEntry? Load(string id, bool add)
    {
        // One at a time for an id: between the look into the index and the entry nobody can have had it, changed it and let it go.
        lock (loading[(uint)id.GetHashCode(StringComparison.Ordinal) % Stripes])
        {
            if (entries.TryGetValue(id, out var there))
                return there;
            return index.With(
                id,
                image =>
                    image is not null ? entries.GetOrAdd(id, Of(image))
                    : add ? entries.GetOrAdd(id, static id => new InstanceEntry(id))
                    : null
            );
        }
    }
}
