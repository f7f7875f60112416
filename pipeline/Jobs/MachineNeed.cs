using System.Text.Json.Serialization;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Jobs;

/// <summary>Which of its queue's machines a job may run on. Machines of one's own have neither price nor size: they do every job.</summary>
/// <param name="Size">This size alone, as <c>Standard_NC4as_T4_v3</c>; null is any.</param>
/// <param name="Spot">False: a machine on demand alone. True: either.</param>
public sealed record MachineNeed(string? Size = null, bool Spot = true)
{
    private const string Tier = "Standard_";

    public static MachineNeed Any { get; } = new();

    /// <summary>For people: <c>Standard_NC4as_T4_v3 on demand</c>.</summary>
    [JsonIgnore]
    public string Text => $"{Size ?? "a machine"}{(Spot ? "" : " on demand")}";

    /// <summary>How many wishes it has: who has most is served first, since others can take what is left.</summary>
    [JsonIgnore]
    public int Strictness => (Size is null ? 0 : 1) + (Spot ? 0 : 1);

    /// <summary>What a definition asks for.</summary>
    public static MachineNeed Of(ComputeDefinition compute)
    {
        ArgumentNullException.ThrowIfNull(compute);
        var size = compute.Sku is { } sku && !sku.StartsWith(Tier, StringComparison.OrdinalIgnoreCase) ? Tier + sku : compute.Sku;
        return new MachineNeed(size, compute.Spot);
    }

    public bool Fits(MachineInfo machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine.Kind == MachineKind.Local || Fits(machine.Size, machine.Kind == MachineKind.Spot);
    }

    /// <param name="size">Of the machine.</param>
    /// <param name="spot">Whether it is had as Spot.</param>
    public bool Fits(string? size, bool spot) =>
        (Spot || !spot) && (Size is null || string.Equals(Size, size, StringComparison.OrdinalIgnoreCase));
}
