using Serverless.Pipeline.Costs;

namespace Serverless.Cli.Estimate;

/// <param name="What">What is paid for.</param>
/// <param name="Quantity">How much of it in a month.</param>
/// <param name="Unit">Of what.</param>
/// <param name="Spot">Cost with Spot workers; null when Spot has no known price.</param>
/// <param name="OnDemand">Cost with workers on demand.</param>
internal sealed record CostLine(string What, decimal Quantity, string Unit, decimal? Spot, decimal OnDemand);

/// <summary>What a month costs.</summary>
internal sealed record CostReport
{
    public required string Environment { get; init; }

    public required string Region { get; init; }

    public required string Currency { get; init; }

    /// <summary>Paid also when nobody does anything.</summary>
    public required IReadOnlyList<CostLine> Idle { get; init; }

    /// <summary>Paid for the load, beside what idling costs.</summary>
    public required IReadOnlyList<CostLine> Load { get; init; }

    public decimal IdleTotal => Idle.Sum(line => line.OnDemand);

    /// <summary>Idling and load with Spot workers; null when Spot has no known price.</summary>
    public decimal? SpotTotal => Load.Any(line => line.Spot is null) ? null : IdleTotal + Load.Sum(line => line.Spot);

    public decimal OnDemandTotal => IdleTotal + Load.Sum(line => line.OnDemand);

    /// <summary>What the figures rest on and leave out.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Sources of the prices, with their dates.</summary>
    public required IReadOnlyDictionary<string, PriceSource> Sources { get; init; }
}
