using System.Text.Json.Nodes;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>A scale set, and its answers.</summary>
internal sealed class FakeSet(string name, string size)
{
    public int Capacity { get; set; }
    public int Changes { get; set; }
    public List<string> Machines { get; } = [];
    public string ETag => $"\"{Changes}\"";

    public JsonObject Json() =>
        new()
        {
            ["name"] = name,
            ["id"] = $"{ArmStandIn.Group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}",
            ["type"] = "Microsoft.Compute/virtualMachineScaleSets",
            ["location"] = "eastus",
            ["etag"] = ETag,
            ["sku"] = new JsonObject
            {
                ["name"] = size,
                ["tier"] = "Standard",
                ["capacity"] = Capacity,
            },
            ["properties"] = new JsonObject { ["orchestrationMode"] = "Flexible", ["provisioningState"] = "Succeeded" },
        };

    public JsonObject Json(string machine) =>
        new()
        {
            ["name"] = machine,
            ["id"] = $"{ArmStandIn.Group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}/virtualMachines/{machine}",
            ["type"] = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
            ["location"] = "eastus",
            ["instanceId"] = machine,
            ["properties"] = new JsonObject { ["provisioningState"] = "Succeeded" },
        };
}
