using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline.Datasets;

/// <summary>What one DuckDB database may take of its machine.</summary>
public sealed record DuckDbLimits
{
    /// <summary>Buffers of DuckDB, in MB; above it spills to its temporary folder. Default 512. A process needs about 300 MB beside it.</summary>
    [Range(64, 1_000_000)]
    public int MemoryMb { get; init; } = 512;

    /// <summary>Threads, 1 to 256. Default: 2, or 1 where there is one core. No result depends on it.</summary>
    [Range(1, 256)]
    public int Threads { get; init; } = Math.Min(2, Environment.ProcessorCount);

    /// <summary>What may be spilled to disk, in MB. Default 4,096; a Functions instance has about 800 in all.</summary>
    [Range(16, 1_000_000)]
    public int SpillMb { get; init; } = 4_096;
}
