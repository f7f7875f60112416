using System.Text.Json.Serialization;

namespace Serverless.Pipeline.Jobs;

public enum MachineKind
{
    /// <summary>Not paid for by the hour: a machine of one's own.</summary>
    Local,

    Spot,

    OnDemand,
}

/// <summary>The machine that a worker runs on.</summary>
/// <param name="Name">As Scheduled Events names it; the host name on a machine of one's own.</param>
/// <param name="Kind">How it is paid for.</param>
/// <param name="Size">As <c>Standard_D2as_v5</c>; null on a machine of one's own.</param>
/// <param name="Region">As <c>westeurope</c>.</param>
/// <param name="ResourceId">The instance in Azure, for whoever deletes idle ones.</param>
public sealed record MachineInfo(string Name, MachineKind Kind, string? Size = null, string? Region = null, string? ResourceId = null)
{
    /// <summary>Price of an hour as Spot when the claim began; null when not known.</summary>
    public decimal? SpotPrice { get; init; }

    /// <summary>Price of an hour on demand when the claim began; null when not known.</summary>
    public decimal? OnDemandPrice { get; init; }

    /// <summary>What an hour of it costs as it was had: 0 for machines of one's own; null when not known.</summary>
    [JsonIgnore]
    public decimal? Hourly =>
        Kind switch
        {
            MachineKind.Local => 0,
            MachineKind.Spot => SpotPrice,
            _ => OnDemandPrice,
        };
}

public enum ClaimEnding
{
    /// <summary>It has not ended, or the job was cancelled under it.</summary>
    None,
    Succeeded,
    Failed,

    /// <summary>The worker was told to stop.</summary>
    HandedBack,

    /// <summary>The machine was taken, with notice.</summary>
    Evicted,

    /// <summary>Without a word: killed, or the machine gone without notice.</summary>
    Vanished,

    /// <summary>For a reason outside the job, such as storage or disk.</summary>
    Broken,
}

/// <summary>What a claim used of a machine.</summary>
public sealed record ClaimUse
{
    public required int Fence { get; init; }

    public required MachineInfo Machine { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Last sign of life.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>When rows were read and the first round was done.</summary>
    public DateTimeOffset? TrainingAt { get; init; }

    /// <summary>When the state of its last checkpoint was taken.</summary>
    public DateTimeOffset? SavedAt { get; init; }

    public ClaimEnding Ending { get; init; }

    /// <summary>The other machines that worked on it, each for as long as it was held.</summary>
    public IReadOnlyList<MemberUse> Members { get; init; } = [];

    /// <summary>For people: what went otherwise than it should, such as a corrupt checkpoint.</summary>
    public string? Note { get; init; }

    public TimeSpan Duration => SeenAt - StartedAt;

    /// <summary>The time of an interrupted claim that has to be spent again: all but the training up to its last checkpoint.</summary>
    public TimeSpan Lost =>
        Ending is ClaimEnding.None or ClaimEnding.Succeeded or ClaimEnding.Failed ? TimeSpan.Zero
        : TrainingAt is { } began && SavedAt is { } saved && saved > began ? Duration - (saved - began)
        : Duration;
}

/// <summary>What a claim used of another machine that helped it.</summary>
/// <param name="Generation">See <see cref="GangSeat"/>.</param>
/// <param name="Rank">From 1.</param>
/// <param name="Machine">Where.</param>
/// <param name="StartedAt">When it took its seat.</param>
/// <param name="SeenAt">Last sign of life.</param>
public sealed record MemberUse(int Generation, int Rank, MachineInfo Machine, DateTimeOffset StartedAt, DateTimeOffset SeenAt)
{
    /// <summary>Its machine was taken from under it, with notice or without.</summary>
    public bool Evicted { get; init; }

    public TimeSpan Duration => SeenAt - StartedAt;
}
