using System.Text.Json;
using System.Text.RegularExpressions;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Doctor;

/// <summary>One role assignment as <c>az role assignment list</c> writes it.</summary>
/// <param name="Principal">Object id of who has it.</param>
/// <param name="Role">Its name; of our custom role <see cref="ExpectedRoles.Scaler"/>.</param>
/// <param name="Scope">Resource id of what it is for.</param>
internal sealed partial record RoleAssignment(string Principal, string Role, string Scope)
{
    private const string Expected = "expected the output of 'az role assignment list --all -o json'";

    private static readonly (string Type, string Name)[] Kinds =
    [
        ("Microsoft.Insights/components/", "Application Insights"),
        ("Microsoft.Compute/virtualMachineScaleSets/", "scale sets"),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/", "the workers' identity"),
        ("Microsoft.Network/networkSecurityGroups/", "the workers' security group"),
        ("Microsoft.Network/virtualNetworks/", "the workers' subnet"),
        ("Microsoft.EventHub/namespaces/", "Event Hubs"),
    ];

    /// <summary>Lower case; null where it is for a whole subscription or more.</summary>
    public string? Group => Groups().Match(Scope) is { Success: true } found ? found.Groups["name"].Value.ToLowerInvariant() : null;

    /// <summary>The storage account that it is for or in.</summary>
    public string? Account => Accounts().Match(Scope) is { Success: true } found ? found.Groups["name"].Value : null;

    /// <summary>The container or queue that it is for, as <c>queue drop-events</c>.</summary>
    public string? Part =>
        Parts().Match(Scope) is { Success: true } found
            ? $"{(found.Groups["kind"].Value.StartsWith('c') ? "container" : "queue")} {found.Groups["name"].Value}"
            : null;

    /// <summary>As <see cref="ExpectedRoles"/> writes them.</summary>
    /// <param name="host">Name of the host's storage account.</param>
    /// <param name="data">Name of the data's storage account.</param>
    public string Text(string? host, string? data) => $"{Role} on {What(host, data)}";

    /// <exception cref="StackException">The file is missing or is no such list.</exception>
    public static IReadOnlyList<RoleAssignment> Read(string file)
    {
        if (!File.Exists(file))
        {
            throw new StackException($"{Path.GetFullPath(file)} is not there; {Expected}.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return
            [
                .. document
                    .RootElement.EnumerateArray()
                    .Select(assignment => new RoleAssignment(
                        assignment.GetProperty("principalId").GetString()!,
                        RoleName(assignment.GetProperty("roleDefinitionName").GetString() ?? ""),
                        assignment.GetProperty("scope").GetString()!
                    )),
            ];
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new StackException($"{Path.GetFullPath(file)} is no list of role assignments ({other.Message}); {Expected}.", other);
        }
    }

    private string What(string? host, string? data)
    {
        if (Part is { } part)
        {
            return part;
        }

        if (Account is { } account)
        {
            return account == host ? "the host's storage"
                : account == data ? "the data's storage"
                : $"storage account {account}";
        }

        return Array.Find(Kinds, kind => Scope.Contains(kind.Type, StringComparison.OrdinalIgnoreCase)).Name ?? Scope;
    }

    // The template adds a hash of the resource group to its name.
    private static string RoleName(string name) =>
        name.StartsWith("Serverless worker scaler", StringComparison.Ordinal) ? ExpectedRoles.Scaler : name;

    [GeneratedRegex("/resourceGroups/(?<name>[^/]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Groups();

    [GeneratedRegex("/Microsoft.Storage/storageAccounts/(?<name>[^/]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Accounts();

    [GeneratedRegex("/default/(?<kind>containers|queues)/(?<name>[^/]+)$", RegexOptions.IgnoreCase)]
    private static partial Regex Parts();
}
