using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Costs;

namespace Serverless.Cli.Estimate;

/// <summary>
/// Today's prices of Linux machines from Azure's retail price API, which asks for no login:
/// learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices.
/// </summary>
internal sealed class RetailPrices(HttpClient http, TimeProvider time)
{
    public const string Address = "https://prices.azure.com/api/retail/prices";

    /// <summary>Key of the source in the table.</summary>
    private const string Source = "api";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The table with the region's prices for each of its sizes; a size that the region has not is left out for it.</summary>
    /// <exception cref="StackException">The API does not answer as expected, or knows none of the sizes in the region.</exception>
    public async Task<PriceTable> RefreshAsync(PriceTable table, string region, CancellationToken cancellationToken)
    {
        var found = new List<MachinePrice>();
        foreach (var size in table.Machines.Select(machine => machine.Size).Distinct(StringComparer.Ordinal))
        {
            var items = (await ItemsAsync(region, size, cancellationToken)).Where(item => IsLinuxByTheHour(item)).ToList();
            var onDemand = items.Where(item => !IsSpot(item)).Select(item => item.RetailPrice).DefaultIfEmpty().Max();
            var spot = items.Where(IsSpot).Select(item => (decimal?)item.RetailPrice).Max();
            if (onDemand > 0)
            {
                found.Add(new MachinePrice(region, size, onDemand, Source, spot > 0 ? spot : null));
            }
        }

        if (found.Count == 0)
        {
            throw new StackException(
                $"{http.BaseAddress} has none of the table's sizes in '{region}'. Is it a region's name, such as westeurope?"
            );
        }

        var sources = new Dictionary<string, PriceSource>(table.Sources)
        {
            [Source] = new("Azure's retail price API", Address, time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        };
        return table with { Sources = sources, Machines = [.. table.Machines.Where(machine => machine.Region != region), .. found] };
    }

    private async Task<List<Item>> ItemsAsync(string region, string size, CancellationToken cancellationToken)
    {
        // The values are case-sensitive.
        var filter =
            $"serviceName eq 'Virtual Machines' and priceType eq 'Consumption' and armRegionName eq '{region.Replace("'", "''", StringComparison.Ordinal)}' and armSkuName eq '{size}'";
        var next = new Uri($"?$filter={Uri.EscapeDataString(filter)}", UriKind.Relative);
        var items = new List<Item>();
        try
        {
            while (next is not null)
            {
                var page = await http.GetFromJsonAsync<Page>(next, Json, cancellationToken);
                items.AddRange(page?.Items ?? []);
                next = page?.NextPageLink;
            }
        }
        catch (Exception refused) when (refused is HttpRequestException or JsonException)
        {
            throw new StackException(
                $"{http.BaseAddress} gave no prices: {refused.Message} Try again later, or look them up by hand.",
                refused
            );
        }

        return items;
    }

    private static bool IsLinuxByTheHour(Item item) =>
        item.UnitOfMeasure == "1 Hour"
        && !item.ProductName.Contains("Windows", StringComparison.Ordinal)
        && !item.ProductName.Contains("CloudServices", StringComparison.Ordinal)
        && !item.SkuName.Contains("Low Priority", StringComparison.Ordinal);

    private static bool IsSpot(Item item) => item.SkuName.EndsWith("Spot", StringComparison.Ordinal);

    private sealed record Page(IReadOnlyList<Item> Items, Uri? NextPageLink);

    private sealed record Item(decimal RetailPrice, string UnitOfMeasure, string ProductName, string SkuName);
}
