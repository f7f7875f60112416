using System.Text.Json;
using System.Text.Json.Nodes;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>
/// The bodies that ARM takes of us, by the names and types of its own specification for api-version 2024-11-01: Azure/azure-rest-api-specs,
/// specification/compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-11-01, virtualMachineScaleSet.json (commit 04be2f1c) with its
/// computeRPCommon.json. What lies below a property that we never send is not written out: it may not be sent.
/// </summary>
internal static class ArmBodies
{
    public const string ApiVersion = "2024-11-01";

    private static readonly Shape Text = new("string");

    /// <summary>VirtualMachineScaleSetUpdate: PATCH of a scale set.</summary>
    public static readonly Shape Update = Object(
        ("sku", Object(("name", Text), ("tier", Text), ("capacity", new Shape("integer")))),
        (
            "properties",
            Object([
                ("overprovision", new Shape("boolean")),
                ("doNotRunExtensionsOnOverprovisionedVMs", new Shape("boolean")),
                ("singlePlacementGroup", new Shape("boolean")),
                ("zonalPlatformFaultDomainAlignMode", Text),
                .. Unsent(
                    "upgradePolicy",
                    "automaticRepairsPolicy",
                    "virtualMachineProfile",
                    "additionalCapabilities",
                    "scaleInPolicy",
                    "proximityPlacementGroup",
                    "priorityMixPolicy",
                    "spotRestorePolicy",
                    "resiliencyPolicy",
                    "skuProfile"
                ),
            ])
        ),
        ("zones", new Shape("array") { Items = Text }),
        ("plan", Object()),
        ("identity", Object()),
        ("tags", Object())
    );

    /// <summary>VirtualMachineScaleSetVMInstanceRequiredIDs: POST .../delete.</summary>
    public static readonly Shape InstanceIds = Object(("instanceIds", new Shape("array") { Items = Text })) with
    {
        Required = ["instanceIds"],
    };

    /// <summary>What ARM's own schema does not allow of a request, whatever else comes of it; null when it is right.</summary>
    public static string? MistakeOf(ArmRequest request)
    {
        var shape = request.Method switch
        {
            "PATCH" => Update,
            "POST" when request.Path.EndsWith("/delete", StringComparison.Ordinal) => InstanceIds,
            _ => null,
        };
        return shape is null ? null
            : request.ApiVersion == ApiVersion ? Mistake(request.Body, shape)
            : $"api-version {request.ApiVersion}; the schema here is that of {ApiVersion}";
    }

    /// <summary>The first thing in a body that is not in its schema; null when all is.</summary>
    public static string? Mistake(JsonNode? body, Shape shape, string at = "$")
    {
        var found = KindOf(body);
        if (found != shape.Kind)
        {
            return $"{at} is of type {found}; ARM expects {shape.Kind}";
        }

        if (body is JsonArray array)
        {
            return array
                .Select((item, index) => Mistake(item, shape.Items!, $"{at}[{index}]"))
                .FirstOrDefault(mistake => mistake is not null);
        }

        if (body is not JsonObject properties)
        {
            return null;
        }

        var missing = shape.Required.FirstOrDefault(name => !properties.ContainsKey(name));
        return missing is not null
            ? $"{at} has no {missing}, which ARM requires"
            : properties
                .Select(property =>
                    shape.Properties.TryGetValue(property.Key, out var inner)
                        ? Mistake(property.Value, inner, $"{at}.{property.Key}")
                        : $"{at}.{property.Key} is no property that ARM knows there"
                )
                .FirstOrDefault(mistake => mistake is not null);
    }

    private static string KindOf(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => node.AsValue().TryGetValue<long>(out _) ? "integer" : "number",
            _ => "null",
        };

    private static Shape Object(params (string Name, Shape Shape)[] properties) =>
        new("object") { Properties = properties.ToDictionary(property => property.Name, property => property.Shape) };

    private static IEnumerable<(string Name, Shape Shape)> Unsent(params string[] names) => names.Select(name => (name, Object()));

    /// <param name="Kind">Type in JSON.</param>
    internal sealed record Shape(string Kind)
    {
        public IReadOnlyDictionary<string, Shape> Properties { get; init; } = new Dictionary<string, Shape>();

        public IReadOnlyList<string> Required { get; init; } = [];

        public Shape? Items { get; init; }
    }
}
