using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Writes instances that have ended to the index, many in one transaction, and takes them out of memory. What waits for that is bounded: who
/// would make it more writes himself. While the disk has no room for it they stay in memory.
/// </summary>
internal sealed class IndexWriter(EngineParts parts) : IDisposable
{
    private const int AtOnce = 1024;
    private const int MostWaiting = 8 * AtOnce;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly Lock writing = new();
    private readonly ConcurrentQueue<(InstanceEntry Entry, bool IsPurged)> waiting = new();
    private readonly SemaphoreSlim some = new(0);
    private readonly SemaphoreSlim many = new(0);
    private List<(InstanceEntry Entry, bool IsPurged)> inHand = [];
    private Exception? fault;

    /// <summary>An instance whose turn is over: it goes where it has ended.</summary>
    public void Add(InstanceEntry entry)
    {
        if (entry.TryQueue())
            Add(entry, false);
    }

    /// <summary>Takes an instance out of memory for good, and its row out of the index.</summary>
    public void Purge(InstanceEntry entry)
    {
        // Nobody who looks for it between its leaving the memory and its leaving the disk finds it.
        entry.Purge();
        parts.Index.Hide(entry);
        Add(entry, true);
        parts.Table.Remove(entry);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await some.WaitAsync(cancellationToken);
                await many.WaitAsync(fault is null ? parts.Options.IndexGathering : Retry, cancellationToken);
                Flush();
                if (!waiting.IsEmpty)
                    some.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
        catch (Exception exception)
        {
            parts.Logger.LogError(exception, "Nothing more is written to the index of task hub {Hub}", parts.Options.HubName);
        }
    }

    /// <summary>Writes what waits.</summary>
    public bool Flush()
    {
        lock (writing)
        {
            for (var rest = waiting.Count; rest > 0; rest -= AtOnce)
            {
                if (!Write(Take(Math.Min(rest, AtOnce)), null))
                    return false;
            }
            return true;
        }
    }

    /// <summary>Writes all that is in memory and notes that the index has every record before <paramref name="end"/>.</summary>
    public bool Cover(long end)
    {
        lock (writing)
        {
            if (!Flush())
                return false;
            foreach (var changed in parts.Table.InMemory.Where(entry => entry.IsChanged).Chunk(AtOnce))
            {
                // Those that wait in line as well stay there: taken out of it they could come in twice, and be counted twice.
                if (!Write([.. changed.Select(entry => (entry, false))], null, isLine: false))
                    return false;
            }
            return Write([], end);
        }
    }

    /// <summary>Puts an index that is made of the log again in place of another one; meanwhile nothing leaves the memory.</summary>
    public void Rebuild(IndexFile? before, Func<IndexFile> make)
    {
        lock (writing)
        {
            parts.Index.Replace(
                before,
                () =>
                {
                    // The new one knows nothing of what is in memory, and the purged are not in it.
                    foreach (var entry in parts.Table.InMemory)
                        entry.Stored = default;
                    foreach (var (entry, _) in waiting.Concat(inHand))
                        entry.Stored = default;
                    return make();
                }
            );
        }
    }

    /// <summary>Forgets what waits.</summary>
    public void Clear()
    {
        lock (writing)
        {
            waiting.Clear();
            parts.Index.UnhideAll();
        }
    }

    public void Dispose()
    {
        some.Dispose();
        many.Dispose();
    }

    private void Add(InstanceEntry entry, bool isPurged)
    {
        waiting.Enqueue((entry, isPurged));
        var count = waiting.Count;
        if (some.CurrentCount == 0)
            some.Release();
        if (count >= MostWaiting / 2 && many.CurrentCount == 0)
            many.Release();
        if (count > MostWaiting && fault is null)
            Flush();
    }

    private List<(InstanceEntry Entry, bool IsPurged)> Take(int most)
    {
        List<(InstanceEntry, bool)> taken = new(most);
        while (taken.Count < most && waiting.TryDequeue(out var one))
            taken.Add(one);
        return taken;
    }

    private bool Write(List<(InstanceEntry Entry, bool IsPurged)> batch, long? covers, bool isLine = true)
    {
        var (puts, drops, clean) = (new List<InstanceImage>(batch.Count), new List<(string, long)>(), new List<(InstanceEntry, long)>());
        List<InstanceEntry> put = new(batch.Count);
        inHand = batch;
        foreach (var (entry, isPurged) in batch)
        {
            if (isPurged)
                drops.Add((entry.Id, entry.Place.First));
            else if ((isLine ? entry.TakeImage() : entry.Image()) is { Place.Last: >= 0 } image)
            {
                if (entry.Stored.Is(image))
                    clean.Add((entry, image.Place.Last));
                else
                {
                    puts.Add(image);
                    put.Add(entry);
                }
            }
        }
        if (
            (puts.Count > 0 || drops.Count > 0 || covers is not null)
            && !Write(puts, drops, () => puts.Sum(image => image.Place.Bytes) - put.Sum(entry => entry.Stored.Bytes) - Purged(), covers)
        )
        {
            foreach (var (entry, isPurged) in batch)
            {
                if (isPurged || entry.TryQueue())
                    waiting.Enqueue((entry, isPurged));
            }
            return false;
        }
        foreach (var (entry, isPurged) in batch)
        {
            if (isPurged)
                parts.Index.Unhide(entry);
        }
        for (var i = 0; i < put.Count; i++)
        {
            put[i].Stored = StoredMark.Of(puts[i]);
            parts.Index.UnhideOlder(put[i]);
            parts.Table.Evict(put[i], puts[i].Place.Last);
        }
        foreach (var (entry, last) in clean)
            parts.Table.Evict(entry, last);
        return true;

        long Purged() => batch.Sum(one => one.IsPurged ? one.Entry.Stored.Bytes : 0);
    }

    private bool Write(List<InstanceImage> puts, List<(string, long)> drops, Func<long> more, long? covers)
    {
        try
        {
            if (parts.Index is { File: null, Missing: null })
                parts.Index.Replace(null, parts.Keeper.OpenNew);
            parts.Index.Use(
                (file, _) =>
                {
                    file.Limit(parts.Options.IndexPages?.Invoke());
                    var head = file.Head;
                    var witness = puts.Aggregate(head.Witness, (newest, image) => newest.Or(image));
                    file.Write(puts, drops, new IndexHead(covers ?? head.Covers, head.Bytes + more(), witness), parts.Faults);
                    return true;
                },
                0,
                false
            );
            if (fault is not null)
                parts.Logger.LogInformation("The index of task hub {Hub} can be written again", parts.Options.HubName);
            fault = null;
            return true;
        }
        catch (Exception exception) when (!IndexFile.IsDamage(exception))
        {
            if (fault is null)
                parts.Logger.LogWarning(
                    exception,
                    "The index of task hub {Hub} cannot be written: instances that have ended stay in memory until it can, and the next start takes longer",
                    parts.Options.HubName
                );
            fault = exception;
            return false;
        }
    }
}

/// <summary>What the index has of an instance that is in memory; nothing where <paramref name="Last"/> is 0.</summary>
/// <param name="Last">Behind the place of its last record in the index, so that 0 is none.</param>
/// <param name="Bytes">Its bytes there.</param>
/// <param name="NeedsHistory">As there.</param>
internal readonly record struct StoredMark(long Last, long Bytes, bool NeedsHistory)
{
    public static StoredMark Of(InstanceImage image) => new(image.Place.Last + 1, image.Place.Bytes, image.NeedsHistory);

    public bool Is(InstanceImage image) => this == Of(image);
}
