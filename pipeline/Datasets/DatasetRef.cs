namespace Serverless.Pipeline.Datasets;

/// <summary>One version of a pipeline's data; never changed once written.</summary>
/// <param name="Pipeline">Name of the pipeline.</param>
/// <param name="Version">16 hexadecimal digits of the SHA-256 over the source bytes, the reading options and the columns with their types.</param>
public sealed record DatasetRef(string Pipeline, string Version)
{
    /// <summary>Names below are blobs of container <c>datasets</c>.</summary>
    public string Prefix => $"{Pipeline}/{Version}/";

    public string Data => Prefix + "data.parquet";

    public string Schema => Prefix + "schema.json";

    public string Profile => Prefix + "profile.json";

    /// <summary>Written last: a data set is there when its origin is.</summary>
    public string Origin => Prefix + "origin.json";

    public SplitRef Split(string splitId) => new(this, splitId);
}

/// <summary>The rows of a data set in parts, as Parquet files with the data set's own columns.</summary>
/// <param name="Dataset">The data.</param>
/// <param name="SplitId">16 hexadecimal digits over everything the split depends on.</param>
public sealed record SplitRef(DatasetRef Dataset, string SplitId)
{
    public string Prefix => $"{Dataset.Prefix}splits/{SplitId}/";

    public string Train => Prefix + "train.parquet";

    public string Validation => Prefix + "validation.parquet";

    public string Test => Prefix + "test.parquet";

    /// <summary>Written last; holds the number of rows of each part.</summary>
    public string Summary => Prefix + "split.json";
}

/// <summary><c>origin.json</c>: where a data set came from.</summary>
public sealed record DatasetOrigin
{
    public required DatasetRef Dataset { get; init; }

    /// <summary>Container and blob of the dropped file.</summary>
    public required string Source { get; init; }

    /// <summary>SHA-256 of the source's bytes, hexadecimal.</summary>
    public required string SourceHash { get; init; }

    public required long SourceBytes { get; init; }

    public required long Rows { get; init; }

    public required int Columns { get; init; }

    public required ReadingOptions Options { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>How a file is read; part of the data version.</summary>
public sealed record ReadingOptions
{
    /// <summary>Null: found out.</summary>
    public string? Delimiter { get; init; }

    /// <summary>Texts that mean "no value", beside the empty one.</summary>
    public IReadOnlyList<string> Missing { get; init; } = ["NA", "N/A", "null", "NULL", "?"];
}
