using Microsoft.DurableTask.Client;

namespace Serverless.Local.Durable;

/// <summary>Which instances a query asks for; times are ticks in UTC, both ends belong to them.</summary>
internal sealed record InstanceFilter
{
    private const int Any = -1;

    private static readonly int Final = BitsOf(Enum.GetValues<OrchestrationRuntimeStatus>().Where(InstanceEntry.IsFinal));

    public string Prefix { get; init; } = string.Empty;

    /// <summary>A bit for each status.</summary>
    public int Statuses { get; private init; } = Any;

    public long CreatedFrom { get; private init; }

    public long CreatedTo { get; private init; } = long.MaxValue;

    public long UpdatedFrom { get; private init; }

    public long UpdatedTo { get; private init; } = long.MaxValue;

    /// <summary>Those of one of the statuses; of any where there is none.</summary>
    public InstanceFilter Of(IEnumerable<OrchestrationRuntimeStatus>? statuses) =>
        statuses is not null && BitsOf(statuses) is var bits and not 0 ? this with { Statuses = Statuses & bits } : this;

    public InstanceFilter OfFinished() => this with { Statuses = Statuses & Final };

    public InstanceFilter CreatedBetween(DateTimeOffset? from, DateTimeOffset? to) =>
        this with
        {
            CreatedFrom = from?.UtcTicks ?? CreatedFrom,
            CreatedTo = to?.UtcTicks ?? CreatedTo,
        };

    public InstanceFilter UpdatedBetween(DateTimeOffset? from, DateTimeOffset? to) =>
        this with
        {
            UpdatedFrom = from?.UtcTicks ?? UpdatedFrom,
            UpdatedTo = to?.UtcTicks ?? UpdatedTo,
        };

    public bool Takes(InstanceEntry entry)
    {
        lock (entry)
            return entry.Execution != 0
                && (Statuses >> (int)entry.Status & 1) != 0
                && entry.Id.StartsWith(Prefix, StringComparison.Ordinal)
                && entry.CreatedAt >= CreatedFrom
                && entry.CreatedAt <= CreatedTo
                && entry.UpdatedAt >= UpdatedFrom
                && entry.UpdatedAt <= UpdatedTo;
    }

    private static int BitsOf(IEnumerable<OrchestrationRuntimeStatus> statuses) =>
        statuses.Aggregate(0, (bits, status) => bits | 1 << (int)status);
}
