using System.Text.RegularExpressions;
using Serverless.Cli.Doctor;
using Serverless.Infra.Tests.Rules;

namespace Serverless.Infra.Tests.Delivery;

/// <summary>The rights that 'serverless doctor' looks for are those that the templates give.</summary>
public sealed partial class ExpectedRolesTests
{
    private static readonly Dictionary<string, string> Holders = new(StringComparer.Ordinal)
    {
        ["app"] = ExpectedRoles.App,
        ["worker"] = ExpectedRoles.Worker,
        ["topic"] = ExpectedRoles.Topic,
    };

    [Theory]
    [InlineData("dev", false)]
    [InlineData("prod", false)]
    [InlineData("full", true)]
    [InlineData("two", false)]
    [InlineData("open", false)]
    public async Task ExpectedRoles_AreThoseOfTheResolvedTemplate(string environment, bool streaming)
    {
        var given = RoleList
            .Of(await Templates.SnapshotAsync(environment))
            .Select(line => Line().Match(line))
            .Where(line => Holders.ContainsKey(line.Groups["holder"].Value))
            .Select(line => $"{Holders[line.Groups["holder"].Value]}: {Written(line)}")
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

        var expected = ExpectedRoles
            .Always.SelectMany(holder => holder.Value.Select(role => $"{holder.Key}: {role}"))
            .Concat(streaming ? ExpectedRoles.Streaming.Select(role => $"{ExpectedRoles.App}: {role}") : [])
            .Order(StringComparer.Ordinal);
        Assert.Equal(expected, given);
    }

    /// <summary>As the doctor reads it from a resource id.</summary>
    private static string Written(Match line)
    {
        var role = line.Groups["role"].Value == "scaler" ? ExpectedRoles.Scaler : line.Groups["role"].Value;
        var what = line.Groups["what"].Value;
        return what switch
        {
            "host" => $"{role} on the host's storage",
            "data" => $"{role} on the data's storage",
            _ when Part().Match(what) is { Success: true } part => $"{role} on {part.Groups["part"].Value}",
            _ => new RoleAssignment("", role, $"/subscriptions/1/resourceGroups/rg/providers/{what}").Text(host: null, data: null),
        };
    }

    [GeneratedRegex("^(?<holder>[^:]+): (?<role>.+?) on (?<what>.+)$")]
    private static partial Regex Line();

    [GeneratedRegex("^(?:host|data) (?<part>(?:container|queue) .+)$")]
    private static partial Regex Part();
}
