using Serverless.Pipeline.Costs;

namespace Serverless.Cli.Estimate;

/// <summary>A month's quantities at their prices. What is free of a meter is free once, whichever lines share the meter: the first take it.</summary>
internal sealed class MeteredMonth(PriceTable prices)
{
    private readonly Dictionary<string, decimal> metered = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="KeyNotFoundException">The table has no such meter.</exception>
    public CostLine Line(string what, string meter, decimal quantity)
    {
        var unit = prices.Unit(meter);
        var before = metered.GetValueOrDefault(meter);
        metered[meter] = before + quantity;
        var cost = unit.Of(before + quantity) - unit.Of(before);
        return new CostLine(what, quantity, unit.Unit, cost, cost);
    }
}
