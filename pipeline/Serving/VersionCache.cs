namespace Serverless.Pipeline.Serving;

/// <summary>Versions that requests named themselves: loaded once however many ask, the least recently used freed above the bound.</summary>
internal sealed class VersionCache(ModelLoader loader, ServingOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Model, int Version), Entry> entries = [];
    private long clock;

    /// <returns>Null where there is no such version.</returns>
    /// <exception cref="InvalidDataException">The version is broken.</exception>
    public async Task<ModelLease?> LeaseAsync(string model, int version, CancellationToken cancellationToken)
    {
        while (true)
        {
            var entry = Find(model, version);
            ServedModel? loaded;
            try
            {
                loaded = await entry.Load.WaitAsync(cancellationToken);
            }
            catch (Exception failed) when (entry.Load.IsFaulted)
            {
                // A broken file is remembered for a while, so that nobody can make the app load it with every request.
                if (failed is not InvalidDataException || time.GetElapsedTime(entry.StartedAt) > options.BrokenRetry)
                {
                    Remove(model, version, entry);
                }

                throw;
            }

            if (loaded is null)
            {
                Remove(model, version, entry);
                return null;
            }

            if (loaded.TryUse())
            {
                return new ModelLease(loaded);
            }

            Remove(model, version, entry);
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            foreach (var entry in entries.Values)
            {
                LetGo(entry);
            }

            entries.Clear();
        }
    }

    private Entry Find(string model, int version)
    {
        lock (gate)
        {
            if (!entries.TryGetValue((model, version), out var entry))
            {
                // The load belongs to all who wait for it, so no single request can cancel it.
                entry = new Entry(Task.Run(() => loader.LoadAsync(model, version, CancellationToken.None)), time.GetTimestamp());
                entries.Add((model, version), entry);
                if (entries.Count > options.LoadedVersions)
                {
                    var oldest = entries.Where(pair => pair.Value != entry).MinBy(pair => pair.Value.LastUsed);
                    entries.Remove(oldest.Key);
                    LetGo(oldest.Value);
                }
            }

            entry.LastUsed = ++clock;
            return entry;
        }
    }

    private void Remove(string model, int version, Entry entry)
    {
        lock (gate)
        {
            if (entries.TryGetValue((model, version), out var found) && found == entry)
            {
                entries.Remove((model, version));
                LetGo(entry);
            }
        }
    }

    private static void LetGo(Entry entry) =>
        _ = entry.Load.ContinueWith(
            load => load.Result?.LetGo(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );

    private sealed class Entry(Task<ServedModel?> load, long startedAt)
    {
        public Task<ServedModel?> Load { get; } = load;

        public long StartedAt { get; } = startedAt;

        public long LastUsed { get; set; }
    }
}
