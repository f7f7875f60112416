using System.Collections.Concurrent;

namespace Serverless.Local.Durable;

/// <summary>
/// The instances that have ended, on the disk alone; and as of a position of the log all the others, for the next start. It is a shortcut and
/// nothing more: what it holds follows from the log, and where it is missing or damaged it is made of the log again.
/// </summary>
internal sealed class InstanceIndex(string folder) : IDisposable
{
    // Read: the file is used. Write: another one takes its place.
    private readonly ReaderWriterLockSlim gate = new();
    private readonly ConcurrentDictionary<string, InstanceEntry> gone = new(StringComparer.Ordinal);
    private IndexFile? file;
    private bool closed;

    /// <summary>Makes the index of the log again; told the file that is damaged, and why. Null until the start has read the log.</summary>
    public Action<IndexFile?, Exception>? Mend { get; set; }

    /// <summary>Why there is no file although instances have left the memory: it could not be made again, and has to be before it is used.</summary>
    public Exception? Missing { get; private set; }

    public IndexFile? File => file;

    public string Folder => folder;

    /// <summary>Null: it is not there.</summary>
    public InstanceImage? Find(string id)
    {
        try
        {
            return gone.ContainsKey(id) ? null : Use(static (file, id) => file.Find(id), id, null);
        }
        catch (ObjectDisposedException) when (closed)
        {
            // A message that comes when the engine has stopped: the next start takes up what it is for.
            return null;
        }
    }

    /// <summary>
    /// What follows from what it has of an instance, null or not: while that is done the index cannot be made again. What is made of the log then relies
    /// on it that nothing comes into memory meanwhile by an older look.
    /// </summary>
    public T With<T>(string id, Func<InstanceImage?, T> act)
    {
        var (looked, done) = (false, default(T));
        try
        {
            Use(
                (file, _) =>
                {
                    var image = gone.ContainsKey(id) ? null : file.Find(id);
                    (looked, done) = (true, act(image));
                    return true;
                },
                0,
                false
            );
        }
        catch (ObjectDisposedException) when (closed)
        {
            // As in Find.
        }
        return looked ? done! : act(null);
    }

    /// <summary>Those of a filter, by id, until <paramref name="take"/> has enough and says false.</summary>
    public void Select(InstanceFilter filter, string? after, Func<InstanceImage, bool> take)
    {
        // From behind the last one, where the file is mended in between.
        var last = after;
        var hidden = Hidden();
        Use(
            (file, _) =>
            {
                file.Lists.Select(
                    filter,
                    last,
                    image =>
                    {
                        last = image.Id;
                        return hidden.Contains(image.Id) || gone.ContainsKey(image.Id) || take(image);
                    }
                );
                return true;
            },
            0,
            true
        );
    }

    public List<InstanceImage> ChildrenOf(string parent)
    {
        var hidden = Hidden();
        var found = Use(static (file, parent) => file.Lists.ChildrenOf(parent), parent, []);
        found.RemoveAll(image => hidden.Contains(image.Id) || gone.ContainsKey(image.Id));
        return found;
    }

    /// <summary>Those whose histories reach before a position, the oldest first, behind the one of <paramref name="after"/>.</summary>
    public List<(long First, string Id)> Reaching(long before, (long First, string Id) after, int most) =>
        Use(static (file, asked) => file.Lists.Reaching(asked.before, asked.after, asked.most), (before, after, most), []);

    /// <summary>All ids and where their histories begin, in no order.</summary>
    public void EachId(Action<string, long> see) =>
        Use(
            static (file, see) =>
            {
                file.Lists.EachId(see);
                return true;
            },
            see,
            true
        );

    /// <summary>Looks at every row; a damaged one has the index made again.</summary>
    public void Verify(CancellationToken cancellationToken)
    {
        var (used, failed) = (file, default(Exception));
        try
        {
            // Beside all other work: the file may be another one by now, and then it is a new one.
            if (used is not null)
                IndexFile.Verify(folder, cancellationToken);
        }
        catch (Exception exception) when (IndexFile.IsDamage(exception))
        {
            failed = exception;
        }
        if (failed is not null)
            Mend!(used, failed);
    }

    public bool IsHidden(string id) => gone.ContainsKey(id);

    /// <summary>Hides an instance that is purged until its row is deleted.</summary>
    public void Hide(InstanceEntry purged) => gone[purged.Id] = purged;

    /// <summary>The row is deleted, or another instance's of the same id.</summary>
    public void Unhide(InstanceEntry purged) => gone.TryRemove(new(purged.Id, purged));

    /// <summary>A new instance of the id of a purged one has its row.</summary>
    public void UnhideOlder(InstanceEntry written)
    {
        if (!gone.IsEmpty && gone.TryGetValue(written.Id, out var purged) && purged.Execution < written.Execution)
            Unhide(purged);
    }

    /// <summary>Uses the file; <paramref name="none"/> where there is none.</summary>
    public T Use<TState, T>(Func<IndexFile, TState, T> use, TState state, T none)
    {
        while (true)
        {
            IndexFile? used;
            Exception failed;
            gate.EnterReadLock();
            try
            {
                ObjectDisposedException.ThrowIf(closed, this);
                if (file is not null)
                    return use(file, state);
                if (Missing is null)
                    return none;
                (used, failed) = (null, Missing);
            }
            catch (Exception exception) when (IndexFile.IsDamage(exception) && file is not null && Mend is not null)
            {
                (used, failed) = (file, exception);
            }
            finally
            {
                gate.ExitReadLock();
            }
            Mend!(used, failed);
        }
    }

    /// <summary>Puts another file in place, made while nobody uses the one before; false where that is not the one any more.</summary>
    public bool Replace(IndexFile? before, Func<IndexFile> make)
    {
        gate.EnterWriteLock();
        try
        {
            if (file != before || closed)
                return false;
            file = null;
            before?.Dispose();
            file = make();
            Missing = null;
            return true;
        }
        catch (Exception exception) when (Mend is not null && before is not null)
        {
            Missing = exception;
            throw;
        }
        finally
        {
            gate.ExitWriteLock();
        }
    }

    // As of before the rows are read: a row that is deleted meanwhile is still among them.
    private HashSet<string> Hidden() => gone.IsEmpty ? [] : gone.Keys.ToHashSet(StringComparer.Ordinal);

    /// <summary>Forgets what was hidden.</summary>
    public void UnhideAll() => gone.Clear();

    public void Dispose()
    {
        gate.EnterWriteLock();
        closed = true;
        file?.Dispose();
        file = null;
        gate.ExitWriteLock();
    }
}
