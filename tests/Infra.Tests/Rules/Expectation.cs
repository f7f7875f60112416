namespace Serverless.Infra.Tests.Rules;

internal static class Expectation
{
    /// <summary>A sentence for every resource of a type whose property has not the value it must have.</summary>
    public static IEnumerable<string> Differences(Snapshot snapshot, IEnumerable<(string Type, string[] Path, string Value)> required) =>
        from rule in required
        from resource in snapshot.Of(rule.Type)
        let found = resource.Text(rule.Path)
        where found != rule.Value
        select $"{resource.Name} ({resource.Type}): {string.Join('.', rule.Path)} is '{found}', expected '{rule.Value}'";
}
