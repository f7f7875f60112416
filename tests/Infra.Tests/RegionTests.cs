using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Infra.Tests.Rules;
using Serverless.Pipeline.Capacity;
using Serverless.Testing;

namespace Serverless.Infra.Tests;

/// <summary>Pools in regions of their own: <c>two</c> has private networking, <c>open</c> has none.</summary>
public sealed partial class RegionTests
{
    private const string ScaleSets = "Microsoft.Compute/virtualMachineScaleSets";
    private const string Networks = "Microsoft.Network/virtualNetworks";
    private const string Groups = "Microsoft.Network/networkSecurityGroups";
    private const string Zones = "Microsoft.Network/privateDnsZones";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("two", "cpu westeurope, cpun northeurope, gpus swedencentral, gpu westeurope, gpun northeurope")]
    [InlineData("open", "cpus swedencentral, cpu westeurope")]
    public async Task Offers_PoolsInRegions_AreInTheOrderWrittenWithSpotFirst(string environment, string pools)
    {
        var snapshot = await Templates.SnapshotAsync(environment);

        var offers = Offer.Parse(snapshot.Of("Microsoft.Web/sites/config").Single().Text("Capacity__Offers"));

        var written = pools.Split(", ").Select(pool => pool.Split(' ')).ToList();
        Assert.Equal(
            from kind in (string[])["spot", "demand"]
            from pool in written
            select $"{pool[0]}-{kind} in {pool[1]}",
            offers.Select(offer => $"{offer.ScaleSet.Split($"vmss-sml-{environment}-")[1]} in {offer.Region}")
        );
        Assert.All(offers, offer => Assert.Equal(offer.ScaleSet.EndsWith("-spot", StringComparison.Ordinal), offer.Spot));
    }

    [Theory]
    [InlineData("two")]
    [InlineData("open")]
    public async Task ScaleSets_OfEveryOffer_AreInItsRegionWithTheNetworkAndTheDoorThere(string environment)
    {
        var snapshot = await Templates.SnapshotAsync(environment);
        var offers = Offer.Parse(snapshot.Of("Microsoft.Web/sites/config").Single().Text("Capacity__Offers"));

        Assert.Equal(offers.Count, snapshot.Of(ScaleSets).Count());
        foreach (var offer in offers)
        {
            var set = ById(snapshot, offer.ScaleSet);
            var nic = set.At("virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations")[0].GetProperty("properties");
            var address = nic.GetProperty("ipConfigurations")[0].GetProperty("properties");
            var subnet = address.GetProperty("subnet").GetProperty("id").GetString()!;
            var door = nic.GetProperty("networkSecurityGroup").GetProperty("id").GetString()!;

            Assert.EndsWith("/subnets/workers", subnet, StringComparison.Ordinal);
            var network = ById(snapshot, subnet[..subnet.LastIndexOf("/subnets/", StringComparison.Ordinal)]);
            Assert.All((SnapshotResource[])[set, network, ById(snapshot, door)], resource => Assert.Equal(offer.Region, Region(resource)));
            Assert.Equal(environment == "open", address.TryGetProperty("publicIPAddressConfiguration", out _));
        }
    }

    [Fact]
    public async Task Networks_OfOtherRegions_HaveWorkersAlone()
    {
        foreach (var environment in (string[])["two", "open"])
        {
            var networks = (await Templates.SnapshotAsync(environment)).Of(Networks).ToList();

            Assert.Equal(["app", "endpoints", "workers"], Subnets(networks.Single(network => Region(network) == "westeurope")));
            Assert.All(networks.Where(network => Region(network) != "westeurope"), network => Assert.Equal(["workers"], Subnets(network)));
        }
    }

    [Fact]
    public async Task Networks_Spaces_DoNotOverlap()
    {
        var spaces = (await Templates.SnapshotAsync("two"))
            .Of(Networks)
            .Select(network => Assert.Single(network.At("addressSpace", "addressPrefixes").EnumerateArray()).GetString()!)
            .ToList();

        Assert.Equal(3, spaces.Distinct(StringComparer.Ordinal).Count());
        Assert.All(spaces, space => Assert.Matches(@"^10\.\d+\.0\.0/16$", space));
        Assert.Contains("10.20.0.0/16", spaces);
    }

    /// <summary>A number is for good: the order of the pools has no say in it.</summary>
    [Fact]
    public void Numbers_OfRegions_AreEachTheNextOne()
    {
        var numbers = Number()
            .Matches(File.ReadAllText(RepositoryRoot.File("infra", "app", "regions.bicep")))
            .Select(match => int.Parse(match.Groups["number"].Value))
            .ToList();

        Assert.NotEmpty(numbers);
        Assert.Equal(Enumerable.Range(21, numbers.Count), numbers);
        Assert.True(numbers[^1] <= 255);
    }

    [Fact]
    public async Task Region_Misspelt_IsRefusedByName()
    {
        BicepCli.SkipWhereAbsent();
        var parameters = await File.ReadAllTextAsync(Path.Combine(Templates.Folder, "two.bicepparam"), Cancelled);
        var wrong = parameters.Replace("'swedencentral'", "'swedensentral'", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(Templates.Folder, "misspelt.bicepparam"), wrong, Cancelled);

        var result = await Templates.TryAsync("misspelt");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("'swedensentral' doesn't exist", result.Errors, StringComparison.Ordinal);
        Assert.Contains("swedencentral, switzerlandnorth", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two")]
    [InlineData("open")]
    public async Task Doors_OfEveryRegion_LetInWorkersOfTheirOwnNetworkAlone(string environment)
    {
        var snapshot = await Templates.SnapshotAsync(environment);

        foreach (var network in snapshot.Of(Networks))
        {
            var workers = Workers(network);
            var range = workers.GetProperty("addressPrefix").GetString();
            var rules = ById(snapshot, workers.GetProperty("networkSecurityGroup").GetProperty("id").GetString()!)
                .At("securityRules")
                .EnumerateArray()
                .Select(rule => rule.GetProperty("properties"))
                .Select(rule =>
                    $"{rule.GetProperty("access")} {rule.GetProperty("sourceAddressPrefix")} {rule.GetProperty("destinationAddressPrefix")} {rule.GetProperty("destinationPortRange")}"
                );
            Assert.Equal([$"Allow {range} {range} 1024-65535", "Deny * * *"], rules);
        }
    }

    [Fact]
    public async Task Private_EveryRegion_HasAWayOutAndAPeering()
    {
        var snapshot = await Templates.SnapshotAsync("two");

        foreach (var network in snapshot.Of(Networks))
        {
            var gateway = ById(snapshot, Workers(network).GetProperty("natGateway").GetProperty("id").GetString()!);
            var address = ById(snapshot, gateway.At("publicIpAddresses")[0].GetProperty("id").GetString()!);
            Assert.Equal([Region(network), Region(network)], [Region(gateway), Region(address)]);
        }

        var peerings = snapshot.Of($"{Networks}/virtualNetworkPeerings").ToList();
        Assert.Equal(
            [
                "vnet-sml-two to vnet-sml-two-northeurope",
                "vnet-sml-two to vnet-sml-two-swedencentral",
                "vnet-sml-two-northeurope to vnet-sml-two",
                "vnet-sml-two-swedencentral to vnet-sml-two",
            ],
            peerings
                .Select(peering => $"{peering.Name.Split('/')[0]} to {peering.Text("remoteVirtualNetwork", "id").Split('/')[^1]}")
                .Order(StringComparer.Ordinal)
        );
        Assert.All(
            peerings,
            peering => Assert.Equal(("True", "False"), (peering.Text("allowVirtualNetworkAccess"), peering.Text("allowForwardedTraffic")))
        );
    }

    [Fact]
    public async Task Private_EveryZone_IsFoundFromEveryNetwork()
    {
        var snapshot = await Templates.SnapshotAsync("two");

        var zones = snapshot.Of(Zones).Select(Zone).Order(StringComparer.Ordinal).ToList();
        var links = snapshot.Of($"{Zones}/virtualNetworkLinks").ToLookup(link => link.Text("virtualNetwork", "id"));

        Assert.Contains("privatelink.blob.", zones);
        Assert.Equal(snapshot.Of(Networks).Select(network => network.Id).Order(), links.Select(network => network.Key).Order());
        Assert.All(links, network => Assert.Equal(zones, network.Select(Zone).Order(StringComparer.Ordinal)));
        Assert.All(links.SelectMany(network => network), link => Assert.Equal("False", link.Text("registrationEnabled")));
    }

    [Fact]
    public async Task Public_OtherRegions_HaveNothingThatCostsAtIdle()
    {
        var snapshot = await Templates.SnapshotAsync("open");

        foreach (
            var type in (string[])
                [
                    $"{Networks}/virtualNetworkPeerings",
                    "Microsoft.Network/natGateways",
                    "Microsoft.Network/publicIPAddresses",
                    "Microsoft.Network/privateEndpoints",
                    Zones,
                ]
        )
        {
            Assert.Empty(snapshot.Of(type));
        }
    }

    [Fact]
    public async Task Roles_OfOtherRegions_AreTheScalersOnWhatIsThere()
    {
        var roles = RoleList.Of(await Templates.SnapshotAsync("two"));
        var before = RoleList.Of(await Templates.SnapshotAsync("dev"));
        var added = roles.Where(role => !before.Contains(role.Replace("sml-two", "sml-dev", StringComparison.Ordinal)));

        Assert.Equal(
            from what in (string[])
                [
                    $"{ScaleSets}/vmss-sml-two-cpun-demand",
                    $"{ScaleSets}/vmss-sml-two-cpun-spot",
                    $"{ScaleSets}/vmss-sml-two-gpun-demand",
                    $"{ScaleSets}/vmss-sml-two-gpun-spot",
                    $"{ScaleSets}/vmss-sml-two-gpus-demand",
                    $"{ScaleSets}/vmss-sml-two-gpus-spot",
                    $"{Groups}/nsg-sml-two-workers-northeurope",
                    $"{Groups}/nsg-sml-two-workers-swedencentral",
                    $"{Networks}/vnet-sml-two-northeurope/subnets/workers",
                    $"{Networks}/vnet-sml-two-swedencentral/subnets/workers",
                ]
            select $"app: scaler on {what}",
            added
        );
    }

    private static SnapshotResource ById(Snapshot snapshot, string id) =>
        Assert.Single(snapshot.Resources, resource => string.Equals(resource.Id, id, StringComparison.OrdinalIgnoreCase));

    /// <summary>As Azure writes it.</summary>
    private static string Region(SnapshotResource resource) =>
        resource.Json.GetProperty("location").GetString()!.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    private static IEnumerable<string?> Subnets(SnapshotResource network) =>
        network.At("subnets").EnumerateArray().Select(subnet => subnet.GetProperty("name").GetString());

    private static JsonElement Workers(SnapshotResource network) =>
        network
            .At("subnets")
            .EnumerateArray()
            .Single(subnet => subnet.GetProperty("name").GetString() == "workers")
            .GetProperty("properties");

    /// <summary>Of a zone or a link; those of storage end in the cloud's suffix, which only Azure knows.</summary>
    private static string Zone(SnapshotResource resource) => ZoneName().Match(resource.Name).Value;

    [GeneratedRegex(@"privatelink\.[a-z.-]+")]
    private static partial Regex ZoneName();

    [GeneratedRegex(@"^  \w+: (?<number>\d+)$", RegexOptions.Multiline)]
    private static partial Regex Number();
}
