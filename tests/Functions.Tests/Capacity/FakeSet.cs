using System.Text.Json.Nodes;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>A change that goes on after its answer.</summary>
internal sealed class FakeOperation(string id, string set)
{
    public string Id => id;
    public string Set => set;
    public Action Work { get; set; } = () => { };
    public ArmError? Error { get; set; }
    public bool Ended { get; set; }
}

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
