using System.Globalization;
using System.Text.Json;

namespace Serverless.Local.EventHubs;

/// <summary>One event hub: its partitions and the readers of each consumer group.</summary>
internal sealed class Hub : IAsyncDisposable
{
    private readonly List<Partition> partitions;
    private readonly Dictionary<string, ReaderGroup[]> groups;
    private int turn = -1;

    private Hub(HubOptions options, DateTimeOffset createdAt, List<Partition> partitions)
    {
        (Name, CreatedAt, this.partitions) = (options.Name, createdAt, partitions);
        groups = options
            .ConsumerGroups.Prepend(HubOptions.DefaultGroup)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g, _ => partitions.Select(p => new ReaderGroup(p)).ToArray(), StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < partitions.Count; i++)
        {
            var own = groups.Values.Select(g => g[i]).ToArray();
            partitions[i].Grown = () => Array.ForEach(own, g => g.Wake());
        }
    }

    public string Name { get; }

    public DateTimeOffset CreatedAt { get; }

    public IReadOnlyList<Partition> Partitions => partitions;

    public static Hub Open(HubOptions options, EventHubsOptions broker, TimeProvider time, Action<string, Exception?> onFault)
    {
        var folder = Path.Combine(broker.Folder, options.Name.ToLowerInvariant());
        Directory.CreateDirectory(folder);
        var facts = HubFacts.Keep(Path.Combine(folder, "hub.json"), options, time);
        var opened = new List<Partition>();
        for (var i = 0; i < options.Partitions; i++)
        {
            var id = i.ToString(CultureInfo.InvariantCulture);
            opened.Add(
                Partition.Open(
                    new PartitionOptions
                    {
                        Id = id,
                        Folder = Path.Combine(folder, id),
                        Time = time,
                        SegmentBytes = broker.SegmentBytes,
                        Flush = broker.Flush,
                        Retention = options.Retention,
                        RetentionBytes = options.RetentionBytes,
                        OnFault = fault => onFault($"{options.Name}/{id}", fault),
                    }
                )
            );
        }
        return new Hub(options, facts.CreatedAt, opened);
    }

    public Partition? FindPartition(string id) => partitions.Find(p => p.Id == id);

    public ReaderGroup? FindReaders(string group, string partition) =>
        groups.TryGetValue(group, out var readers) ? Array.Find(readers, r => r.Partition.Id == partition) : null;

    /// <summary>The partition of a key; without one they take turns.</summary>
    public Partition Choose(string? key) =>
        partitions[
            key is null
                ? (int)((uint)Interlocked.Increment(ref turn) % (uint)partitions.Count)
                : PartitionKeyHash.Partition(key, partitions.Count)
        ];

    public async ValueTask DisposeAsync()
    {
        foreach (var partition in partitions)
            await partition.DisposeAsync();
    }

    /// <summary>What is written down when a hub is made.</summary>
    private sealed record HubFacts(DateTimeOffset CreatedAt, int Partitions)
    {
        public static HubFacts Keep(string path, HubOptions options, TimeProvider time)
        {
            var known = File.Exists(path) ? JsonSerializer.Deserialize<HubFacts>(File.ReadAllBytes(path), JsonSerializerOptions.Web) : null;
            if (known?.Partitions > options.Partitions)
                throw new InvalidOperationException(
                    $"Event hub '{options.Name}' has {known.Partitions} partitions in {Path.GetDirectoryName(path)}, but {options.Partitions} are configured. "
                        + $"A hub can grow but not shrink: configure {known.Partitions} or more, or delete the folder with its events."
                );
            if (known?.Partitions == options.Partitions)
                return known;
            var facts = new HubFacts(known?.CreatedAt ?? time.GetUtcNow(), options.Partitions);
            var temporary = path + ".new";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(facts, JsonSerializerOptions.Web));
            File.Move(temporary, path, overwrite: true);
            return facts;
        }
    }
}
