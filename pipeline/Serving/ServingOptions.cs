using System.ComponentModel.DataAnnotations;

namespace Serverless.Pipeline.Serving;

/// <summary>Configuration section <c>Serving</c> (<c>Serving__MaxRows</c> and so on).</summary>
public sealed record ServingOptions
{
    public const string Section = "Serving";

    /// <summary>Greatest request body in bytes, 1 KB to 1 GB. Default 64 MB; a larger one is refused with 413.</summary>
    [Range(1024, 1 << 30)]
    public int MaxBodyBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Greatest number of rows in a request, 1 to 10,000,000. Default 100,000; more are refused with 413.</summary>
    [Range(1, 10_000_000)]
    public int MaxRows { get; init; } = 100_000;

    /// <summary>Versions other than the champions that stay loaded after they were asked for, 1 to 1,000. Default 4; the least recently used goes first.</summary>
    [Range(1, 1000)]
    public int LoadedVersions { get; init; } = 4;

    /// <summary>How often the aliases are read, 100 ms to 1 h. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a request waits for a model that is not loaded yet before it gets 503, 1 s to 10 min. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan LoadWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After which time a broken model is tried again, 1 s to 1 day. Default 30 s. Failures of storage are tried again at the next poll.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BrokenRetry { get; init; } = TimeSpan.FromSeconds(30);
}
