using Microsoft.Extensions.Configuration;
using Serverless.Pipeline.Costs;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Costs;

public sealed class PriceTableTests
{
    private const string Small = """
        {"currency":"USD","referenceRegion":"eastus","refresh":"api","sources":{"s":{"what":"w","url":"u","date":"d"}},
         "machines":[{"region":"eastus","size":"Standard_A","onDemand":1,"source":"s"},{"region":"westus","size":"Standard_A","onDemand":2,"spot":0.5,"source":"s"}],
         "units":[{"meter":"logs","unit":"GB","price":2,"free":5,"source":"s"}]}
        """;

    [Fact]
    public void BuiltIn_EveryPrice_HasADateAndSpotIsTheCheaper()
    {
        var table = PriceTable.BuiltIn;

        Assert.All(table.Sources.Values, source => Assert.Contains("20", source.Date, StringComparison.Ordinal));
        Assert.All(table.Machines, machine => Assert.True(machine.Spot is null || machine.Spot < machine.OnDemand, machine.ToString()));
        Assert.Equal(table.Machines.Count, table.Machines.Select(machine => (machine.Region, machine.Size)).Distinct().Count());
        Assert.Equal(table.Units.Count, table.Units.Select(unit => unit.Meter).Distinct().Count());
    }

    [Fact]
    public void Machine_OfAnotherRegion_IsTheReferenceRegionsAndSaysSo()
    {
        var table = PriceTable.Parse(Small, "small");

        Assert.Equal(new MachinePrice("westus", "Standard_A", 2, "s", 0.5m), table.Machine("standard_a", "westus"));
        Assert.Equal("eastus", table.Machine("Standard_A", "westeurope")!.Region);
        Assert.Null(table.Machine("Standard_B", "eastus"));
    }

    [Theory]
    [InlineData(4, 0)]
    [InlineData(5, 0)]
    [InlineData(7, 4)]
    public void Of_Quantity_LeavesOutWhatIsFree(int quantity, int cost) =>
        Assert.Equal(cost, PriceTable.Parse(Small, "small").Unit("logs").Of(quantity));

    [Fact]
    public void FromConfiguration_FileOfOnesOwn_TakesThePlaceOfTheBuiltInOne()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder.File("mine.json"), Small);

        Assert.Same(PriceTable.BuiltIn, PriceTable.FromConfiguration(Setting("")));
        Assert.Equal(2, PriceTable.FromConfiguration(Setting(folder.File("mine.json"))).Unit("logs").Price);
        var absent = Assert.Throws<InvalidDataException>(() => PriceTable.FromConfiguration(Setting(folder.File("not-there.json"))));
        Assert.Contains("Setting 'PRICES'", absent.Message, StringComparison.Ordinal);
        Assert.Contains("not-there.json", absent.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"onDemand\":1", "\"onDemand\":-1", "expected prices above 0")]
    [InlineData("\"meter\":\"logs\",\"unit\":\"GB\",\"price\":2", "\"meter\":\"logs\",\"unit\":\"GB\",\"price\":-2", "expected 0 or more")]
    [InlineData("\"free\":5,\"source\":\"s\"", "\"source\":\"t\"", "source 't'")]
    [InlineData("\"currency\":\"USD\",", "", "currency")]
    public void Parse_WrongTable_SaysWhatIsWrong(string part, string instead, string said)
    {
        var wrong = Assert.Throws<InvalidDataException>(() =>
            PriceTable.Parse(Small.Replace(part, instead, StringComparison.Ordinal), "mine.json")
        );

        Assert.Contains("mine.json", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Setting(string file) => new ConfigurationBuilder().AddInMemoryCollection([new("PRICES", file)]).Build();
}
