namespace Serverless.Pipeline.Definitions;

/// <summary>In which form a program is given its rows.</summary>
public enum RowFormat
{
    Parquet,

    /// <summary>With a header, comma between, quotes where needed; an empty field is missing.</summary>
    Csv,
}

/// <summary>A program of the user's own that leaves <c>model.onnx</c>: docs/command.md.</summary>
public sealed record CommandSettings
{
    /// <summary>Program and arguments, 1 to 100; no shell is between.</summary>
    public required IReadOnlyList<string> Run { get; init; }

    /// <summary>
    /// What the program is made of: a folder beside pipeline.yaml; once stored, <c>sha256:</c> and the digest of its archive. Null where the
    /// program is installed on the worker.
    /// </summary>
    public string? Code { get; init; }

    public RowFormat Rows { get; init; }

    /// <summary>Hyper-parameters, at most 100, handed on as they are written.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Longest run of the program in one claim, 1 s to 30 d. Default 24 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Between SIGTERM and SIGKILL when the machine goes, 1 to 25 s. Default 4 s: a worker that is told to stop has 7 s in all.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Most memory of the program and all it starts, MB, 16 to 16,777,216. Default: nine tenths of the machine's.</summary>
    public int? MemoryMb { get; init; }
}
