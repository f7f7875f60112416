using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.Estimate;
using Serverless.Cli.Stack;
using Serverless.Cli.Tests.Commands;
using Serverless.Pipeline.Costs;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Estimate;

/// <summary>Over a server that answers as the API's documentation says: pages, Windows and low priority among the rest.</summary>
public sealed class RetailPricesTests
{
    private const string Size = "Standard_D2as_v5";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RefreshAsync_RegionOfTheApi_HasItsPricesAndTheDay()
    {
        await using var api = await ApiAsync();
        using var http = new HttpClient { BaseAddress = new Uri(api.Urls.First()) };
        var time = new FakeTimeProvider(new DateTimeOffset(2027, 2, 3, 4, 5, 6, TimeSpan.Zero));

        var table = await new RetailPrices(http, time).RefreshAsync(PriceTable.BuiltIn, "westeurope", Token);

        Assert.Equal(new MachinePrice("westeurope", Size, 0.104m, "api", 0.02m), table.Machine(Size, "westeurope"));
        Assert.Equal("2027-02-03", table.Sources["api"].Date);
        // What the region has not is still priced by the reference region.
        Assert.Equal("eastus", table.Machine("Standard_NC4as_T4_v3", "westeurope")!.Region);
    }

    [Fact]
    public async Task RefreshAsync_UnknownRegion_SaysSo()
    {
        await using var api = await ApiAsync();
        using var http = new HttpClient { BaseAddress = new Uri(api.Urls.First()) };

        var refused = await Assert.ThrowsAsync<StackException>(() =>
            new RetailPrices(http, TimeProvider.System).RefreshAsync(PriceTable.BuiltIn, "atlantis", Token)
        );

        Assert.Contains("'atlantis'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prices_ThenEstimate_UsesTheWrittenTable()
    {
        await using var api = await ApiAsync();
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(folder, "prices", "mine.json", "--api", api.Urls.First());
        var estimate = await CommandLine.RunAsync(
            folder,
            "estimate",
            RepositoryRoot.File("infra", "dev.bicepparam"),
            "--prices",
            "mine.json"
        );
        var (offCode, off) = await CommandLine.RunAsync(folder, "prices", "other.json", "--api", "http://127.0.0.1:1");

        Assert.True(code == 0, output);
        Assert.Equal(0, estimate.Code);
        Assert.DoesNotContain("stands in", estimate.Output, StringComparison.Ordinal);
        Assert.Contains("Azure's retail price API", estimate.Output, StringComparison.Ordinal);
        Assert.Equal(1, offCode);
        Assert.Contains("gave no prices", off, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("other.json")));
    }

    private static async Task<WebApplication> ApiAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var api = builder.Build();
        api.Run(context => context.Response.WriteAsync(Answer(context.Request), Token));
        await api.StartAsync(Token);
        return api;
    }

    private static string Answer(HttpRequest request)
    {
        if (request.Query["page"] == "2")
        {
            return $$"""{"Items":[{{Item(0.02m, "D2as v5 Spot")}}],"NextPageLink":null,"Count":1}""";
        }

        var filter = request.Query["$filter"].ToString();
        var known =
            filter.Contains("armRegionName eq 'westeurope'", StringComparison.Ordinal)
            && filter.Contains($"armSkuName eq '{Size}'", StringComparison.Ordinal)
            && filter.Contains("priceType eq 'Consumption'", StringComparison.Ordinal);
        if (!known)
        {
            return """{"Items":[],"NextPageLink":null,"Count":0}""";
        }

        string[] items =
        [
            Item(0.104m, "D2as v5"),
            Item(0.2m, "D2as v5", " Windows"),
            Item(0.03m, "D2as v5 Low Priority"),
            Item(0.05m, "D2as v5 Spot", " Windows"),
        ];
        var next = $"http://{request.Host}/?page=2";
        return $$"""{"Items":[{{string.Join(',', items)}}],"NextPageLink":"{{next}}","Count":4}""";
    }

    private static string Item(decimal price, string sku, string system = "") =>
        $$"""{"currencyCode":"USD","retailPrice":{{price}},"unitPrice":{{price}},"armRegionName":"westeurope","armSkuName":"{{Size}}","skuName":"{{sku}}","productName":"Virtual Machines Dasv5 Series{{system}}","unitOfMeasure":"1 Hour","type":"Consumption"}""";
}
