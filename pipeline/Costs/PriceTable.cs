using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Serverless.Pipeline.Costs;

/// <summary>
/// What Azure asks for, from a file with a date and a source for every price. List prices of one day: they change, Spot prices daily, and must
/// be refreshed before they are trusted (the file names the API to ask).
/// </summary>
public sealed record PriceTable
{
    private const string Setting = "PRICES";

    /// <summary>All prices are in it, and before taxes and discounts.</summary>
    public required string Currency { get; init; }

    /// <summary>The region whose prices stand in for a region that the table has not.</summary>
    public required string ReferenceRegion { get; init; }

    /// <summary>Where today's prices are.</summary>
    public required string Refresh { get; init; }

    /// <summary>By the name that a price gives as its source.</summary>
    public required IReadOnlyDictionary<string, PriceSource> Sources { get; init; }

    public required IReadOnlyList<MachinePrice> Machines { get; init; }

    public required IReadOnlyList<UnitPrice> Units { get; init; }

    /// <summary>The table that is built in.</summary>
    public static PriceTable BuiltIn { get; } = ReadBuiltIn();

    /// <summary>A table of one's own: the same JSON, for other regions, discounts or a newer date.</summary>
    /// <exception cref="InvalidDataException">It is not such a table; the message says what is wrong.</exception>
    public static PriceTable Parse(string json, string file)
    {
        PriceTable? table;
        try
        {
            table = JsonSerializer.Deserialize<PriceTable>(json, PipelineJson.Readable);
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException(
                $"{file} is no price table: {broken.Message} Expected the form of pipeline/Costs/prices.json.",
                broken
            );
        }

        var first = table is null ? "nothing" : Mistakes(table).FirstOrDefault();
        return first is null ? table! : throw new InvalidDataException($"{file} is no price table: {first}.");
    }

    /// <summary>The table that setting <c>PRICES</c> names, as <c>serverless prices FILE</c> writes one; without it the built-in one.</summary>
    /// <exception cref="InvalidDataException">The file cannot be read, or is no such table.</exception>
    public static PriceTable FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration[Setting] is not { Length: > 0 } file)
        {
            return BuiltIn;
        }

        try
        {
            return Parse(File.ReadAllText(file), file);
        }
        catch (Exception unread) when (unread is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException(
                $"Setting '{Setting}' names a file that cannot be read: {unread.Message} Expected a price table; 'serverless prices FILE' writes one.",
                unread
            );
        }
    }

    /// <summary>Price of a machine by the hour; null when the table has no such size.</summary>
    /// <param name="size">As <c>Standard_D2as_v5</c>.</param>
    /// <param name="region">As <c>westeurope</c>; one that the table has not is priced as <see cref="ReferenceRegion"/>, see <see cref="MachinePrice.Region"/>.</param>
    public MachinePrice? Machine(string size, string region)
    {
        var ofSize = Machines.Where(machine => Same(machine.Size, size)).ToList();
        return ofSize.Find(machine => Same(machine.Region, region)) ?? ofSize.Find(machine => Same(machine.Region, ReferenceRegion));
    }

    /// <exception cref="KeyNotFoundException">The table has no such meter.</exception>
    public UnitPrice Unit(string meter) =>
        Units.FirstOrDefault(unit => Same(unit.Meter, meter))
        ?? throw new KeyNotFoundException(
            $"The price table has no meter '{meter}'; it has {string.Join(", ", Units.Select(unit => unit.Meter))}."
        );

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Mistakes(PriceTable table)
    {
        foreach (var machine in table.Machines)
        {
            if (machine.OnDemand <= 0 || machine.Spot <= 0)
            {
                yield return $"{machine.Size} in {machine.Region} costs {machine.OnDemand} or, as Spot, {machine.Spot}; expected prices above 0";
            }
        }

        foreach (var unit in table.Units.Where(unit => unit.Price < 0 || unit.Free < 0))
        {
            yield return $"{unit.Meter} costs {unit.Price} with {unit.Free} free; expected 0 or more";
        }

        foreach (var source in table.Machines.Select(machine => machine.Source).Concat(table.Units.Select(unit => unit.Source)).Distinct())
        {
            if (!table.Sources.ContainsKey(source))
            {
                yield return $"a price has source '{source}', which is not among its sources";
            }
        }
    }

    private static PriceTable ReadBuiltIn()
    {
        using var stream = typeof(PriceTable).Assembly.GetManifestResourceStream("prices.json")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd(), "The built-in price table");
    }
}

/// <param name="What">What the prices are and who wrote them down.</param>
/// <param name="Url">Where they were found.</param>
/// <param name="Date">Of what day they are, as far as known.</param>
public sealed record PriceSource(string What, string Url, string Date);

/// <param name="Region">As <c>eastus</c>.</param>
/// <param name="Size">As <c>Standard_D2as_v5</c>.</param>
/// <param name="OnDemand">An hour.</param>
/// <param name="Source">A key of <see cref="PriceTable.Sources"/>.</param>
/// <param name="Spot">An hour on the day of the source; null where the size is not offered as Spot or its price is not known.</param>
public sealed record MachinePrice(string Region, string Size, decimal OnDemand, string Source, decimal? Spot = null);

/// <param name="Meter">What is paid for, as <c>logs.ingestion</c>.</param>
/// <param name="Unit">Of what one costs <paramref name="Price"/>.</param>
/// <param name="Price">For one unit.</param>
/// <param name="Source">A key of <see cref="PriceTable.Sources"/>.</param>
/// <param name="Free">Units a month that cost nothing.</param>
public sealed record UnitPrice(string Meter, string Unit, decimal Price, string Source, decimal Free = 0)
{
    /// <summary>What so many units cost in a month, all of them: what is free is taken off once.</summary>
    public decimal Of(decimal quantity) => Math.Max(0, quantity - Free) * Price;
}
