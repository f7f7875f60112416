using System.ComponentModel.DataAnnotations;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Batch;

/// <summary>Bounds of batch inference; the defaults are meant for a Functions instance of 2 GB.</summary>
public sealed record BatchOptions
{
    /// <summary>
    /// Rows of a Parquet chunk: as many whole row groups are taken as come nearest to it. A row group of more than four times as many is cut. Default 250,000: about two seconds of one core, and a part of 5 to 20 MB.
    /// </summary>
    [Range(1, 10_000_000)]
    public int ChunkRows { get; init; } = 250_000;

    /// <summary>Bytes of a CSV chunk before it ends with the line it stands in. Default 16 MB, 100,000 to 300,000 rows of an ordinary table.</summary>
    [Range(16, 1 << 30)]
    public int ChunkBytes { get; init; } = 16 << 20;

    /// <summary>Chunks that one process scores at once, each on a thread of its own; as many more are on their way in or out. Default: the cores, at most 16.</summary>
    [Range(1, 256)]
    public int Parallel { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 16);

    /// <summary>Failed rows that a part lists with number and reason; all are counted, and every one has its reason in the result. Default 100.</summary>
    [Range(0, 10_000)]
    public int ListedFailures { get; init; } = 100;

    /// <summary>
    /// An hour of this process's machine, US dollars, 0 or more. Default 0: a machine of one's own. Null: not known, and so is then the price of the job.
    /// </summary>
    [Range(0, 10_000)]
    public decimal? HourlyPrice { get; init; } = 0;

    /// <summary>Of each chunk that is scored.</summary>
    public DuckDbLimits DuckDb { get; init; } = new() { MemoryMb = 192, Threads = 1 };
}
