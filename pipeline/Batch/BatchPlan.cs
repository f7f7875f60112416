using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Batch;

/// <summary><c>_plan.json</c>: how a file is read and cut. Made once; every chunk is scored by it, also after a kill.</summary>
internal sealed record BatchPlan
{
    public required SourceKind Kind { get; init; }

    /// <summary>Of the blob that was looked into.</summary>
    public required string ETag { get; init; }

    /// <summary>CSV only.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>In the file's order.</summary>
    public required IReadOnlyList<PlanColumn> Columns { get; init; }

    /// <summary>Texts that count as missing where the model takes a value, as in the model's training.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Parquet only: where the footer begins.</summary>
    public long Footer { get; init; }

    public required long Rows { get; init; }

    public required IReadOnlyList<BatchChunk> Chunks { get; init; }

    public string Extension => Kind == SourceKind.Parquet ? "parquet" : "csv";
}

/// <param name="Name">As in the file, and in the result.</param>
/// <param name="Native">DuckDB's type; CSV is VARCHAR throughout.</param>
internal sealed record PlanColumn(string Name, string Native);

/// <summary>Rows that are scored together into one part of the result.</summary>
/// <param name="Index">From 0; the part's number.</param>
/// <param name="Offset">First byte; of a gzip file in its unpacked form.</param>
/// <param name="Bytes">How many.</param>
/// <param name="FirstRow">Number of its first row in the file, from 0.</param>
/// <param name="Rows">How many; of CSV as counted by line ends.</param>
internal sealed record BatchChunk(int Index, long Offset, long Bytes, long FirstRow, long Rows);

/// <summary>What the inspection tells the orchestration; the plan itself may be long and stays a blob.</summary>
/// <param name="Rows">In the file.</param>
/// <param name="Chunks">How many.</param>
/// <param name="Sequential">True: the chunks can be read one after the other only (gzip).</param>
/// <param name="Problem">Why nothing can be scored; null: all is well.</param>
public sealed record BatchOutline(long Rows, int Chunks, bool Sequential, string? Problem = null);
