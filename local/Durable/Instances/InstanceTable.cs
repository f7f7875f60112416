using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Serverless.Local.Durable;

/// <summary>All instances by id, and the line of those with something to do.</summary>
internal sealed class InstanceTable
{
    private readonly ConcurrentDictionary<string, InstanceEntry> entries = new(StringComparer.Ordinal);
    private readonly Channel<InstanceEntry> ready = Channel.CreateUnbounded<InstanceEntry>();
    private readonly Lock idleGate = new();
    private TaskCompletionSource? idle;
    private int busy;

    public ICollection<InstanceEntry> All => entries.Values;

    public int Count => entries.Count;

    public ChannelReader<InstanceEntry> Ready => ready.Reader;

    public bool TryGet(string id, [NotNullWhen(true)] out InstanceEntry? entry) =>
        entries.TryGetValue(id, out entry) && entry.Execution != 0;

    public InstanceEntry GetOrAdd(string id) => entries.GetOrAdd(id, static id => new InstanceEntry(id));

    /// <summary>Puts a message into an instance's inbox; only a start makes an instance. False: there is none.</summary>
    public bool Post(string id, Message message)
    {
        while (true)
        {
            if (!entries.TryGetValue(id, out var entry))
            {
                if (message is not StartMessage)
                    return false;
                entry = GetOrAdd(id);
            }
            if (entry.TryAdd(message, out var wake))
            {
                if (wake)
                {
                    Interlocked.Increment(ref busy);
                    ready.Writer.TryWrite(entry);
                }
                return true;
            }
        }
    }

    /// <summary>Ends a turn of an entry.</summary>
    public void Release(InstanceEntry entry)
    {
        if (entry.Release())
            ready.Writer.TryWrite(entry);
        else if (Interlocked.Decrement(ref busy) == 0)
        {
            lock (idleGate)
            {
                if (Volatile.Read(ref busy) == 0)
                    idle?.TrySetResult();
            }
        }
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
}
