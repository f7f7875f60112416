using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline.Datasets;

/// <summary>Bounds of ingestion and thresholds of its checks; the defaults are meant for a Functions instance of 2 GB.</summary>
public sealed record IngestionOptions
{
    public DuckDbLimits DuckDb { get; init; } = new();

    /// <summary>Most columns of a file. Default 2,000.</summary>
    [Range(2, 100_000)]
    public int MaxColumns { get; init; } = 2_000;

    /// <summary>Fewest rows of a file. Default 20.</summary>
    [Range(3, int.MaxValue)]
    public int MinRows { get; init; } = 20;

    /// <summary>Largest share of rows without a target; fewer are left out of the split with a warning. Default 0.05.</summary>
    [Range(0d, 1d)]
    public double MaxMissingTarget { get; init; } = 0.05;

    /// <summary>Most classes of a multiclass target. Default 1,000.</summary>
    [Range(2, 100_000)]
    public int MaxClasses { get; init; } = 1_000;

    /// <summary>Rows, evenly spread over the file, that quantiles, histograms and the search for leaks look at. Default 100,000.</summary>
    [Range(100, 10_000_000)]
    public int SampleRows { get; init; } = 100_000;

    /// <summary>Bytes at the start of a CSV file that delimiter and types are guessed from; a wrong guess costs a second reading. Default 1 MB.</summary>
    [Range(1_024, 64 * 1_024 * 1_024)]
    public int SniffBytes { get; init; } = 1 << 20;

    /// <summary>From this area under the curve on, one column alone gives the target away. Default 0.99.</summary>
    [Range(0.5, 1d)]
    public double LeakAuc { get; init; } = 0.99;

    /// <summary>From this correlation on, one column alone gives the target away (regression). Default 0.999.</summary>
    [Range(0d, 1d)]
    public double LeakCorrelation { get; init; } = 0.999;

    /// <summary>Share of duplicate rows above which there is a warning. Default 0.05.</summary>
    [Range(0d, 1d)]
    public double DuplicateRows { get; init; } = 0.05;

    /// <summary>Population stability index against the previous version above which there is a warning. Default 0.2.</summary>
    [Range(0d, 100d)]
    public double SkewPsi { get; init; } = 0.2;
}
