using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>Which queue a machine size's jobs go to.</summary>
public static class JobQueue
{
    /// <summary>The families of Azure's sizes with a GPU that a trainer can use. NP has an FPGA.</summary>
    private static readonly string[] GpuFamilies = ["NC", "ND", "NG", "NV"];

    /// <summary><c>jobs-gpu</c> for a size with a GPU, such as <c>Standard_NC4as_T4_v3</c>; else <c>jobs-cpu</c>.</summary>
    /// <param name="sku"><c>compute.sku</c> of a definition, with or without <c>Standard_</c>; null is the CPU pool's own size.</param>
    public static string Of(string? sku) => HasGpu(sku) ? Queues.JobsGpu : Queues.JobsCpu;

    /// <summary>Whether machines of this size have a GPU.</summary>
    public static bool HasGpu(string? sku)
    {
        if (sku is null)
        {
            return false;
        }

        var size = sku[(sku.IndexOf('_', StringComparison.Ordinal) + 1)..];
        // "NC4as_T4_v3" has an underscore too, without a tier before it.
        return Starts(size) || Starts(sku);
    }

    private static bool Starts(string size) =>
        GpuFamilies.Any(family =>
            size.StartsWith(family, StringComparison.OrdinalIgnoreCase) && size.Length > family.Length && IsNumberAfter(size, family.Length)
        );

    // NC24, or with one letter more, NCC40ads.
    private static bool IsNumberAfter(string size, int at) =>
        char.IsAsciiDigit(size[at]) || (size.Length > at + 1 && char.IsAsciiDigit(size[at + 1]));
}
