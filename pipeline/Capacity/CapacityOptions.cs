using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline.Capacity;

/// <summary>Configuration section <c>Capacity</c> (<c>Capacity__Offers</c> and so on): the scale sets that the app may change.</summary>
public sealed record CapacityOptions
{
    public const string Section = "Capacity";

    /// <summary>
    /// JSON list of <see cref="Offer"/>, the preferred first. Default: none, then the app starts no machine, as on a laptop, where the command
    /// line starts workers itself.
    /// </summary>
    public string Offers { get; init; } = "";

    /// <summary>How long a machine may be idle before it is given back, 0 to 1 day. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Evictions of one offer within an hour after which the next in the list is asked, 1 to 100. Default 3.</summary>
    [Range(1, 100)]
    public int Evictions { get; init; } = 3;

    /// <summary>
    /// US dollars a day (UTC) for machines on demand, by the price table, 0 or more. Default 0: there are none but Spot machines. A machine is
    /// only started when an hour of it is left.
    /// </summary>
    [Range(0, 100_000)]
    public double OnDemandDollarsPerDay { get; init; }

    /// <summary>Client id of the app's user-assigned identity; empty: whoever is signed in.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>A machine that has not shown itself after so long did not start, or is lost; it is deleted. A driver takes minutes.</summary>
    internal static TimeSpan StartLimit { get; } = TimeSpan.FromMinutes(15);

    /// <summary>A worker that was not seen for so long has lost its job long since; its machine is deleted.</summary>
    internal static TimeSpan SilentLimit { get; } = TimeSpan.FromMinutes(10);

    /// <summary>A claim whose holder was not seen for so long holds nothing: its lease ran out.</summary>
    internal static TimeSpan ClaimLimit { get; } = TimeSpan.FromMinutes(2);
}
