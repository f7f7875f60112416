using System.Security.Cryptography;
using System.Text;

namespace Serverless.Pipeline.Batch;

/// <summary>All that a batch job depends on, fixed when it starts: which rows, which version of which model. Travels through the orchestration and, above <c>LocalBytes</c>, to a worker.</summary>
public sealed record BatchRequest
{
    /// <summary>Also the orchestration's id and the folder of the result: <see cref="BatchId"/>.</summary>
    public required string JobId { get; init; }

    public required string Model { get; init; }

    public required int Version { get; init; }

    /// <summary>Container of the rows: <c>batch</c>, or <c>datasets</c> for a data set version.</summary>
    public required string Container { get; init; }

    /// <summary>Blob in <see cref="Container"/>.</summary>
    public required string Blob { get; init; }

    /// <summary>SHA-256 of the rows' bytes, hexadecimal; of a data set its version, since it never changes.</summary>
    public required string Hash { get; init; }

    public required long Bytes { get; init; }

    /// <summary>ETag of the blob when it was hashed.</summary>
    public required string ETag { get; init; }

    /// <summary>True: the model lies in container <c>jobs</c>, copied there by the app for a worker, which has no right on models.</summary>
    public bool Pinned { get; init; }
}

/// <summary>The id of a batch job.</summary>
public static class BatchId
{
    /// <summary>
    /// <c>batch-{model}-{16 hexadecimal digits}</c> over content and version: the same rows for the same version make one job, however
    /// often they are dropped; a new champion makes a new one.
    /// </summary>
    public static string Of(string model, int version, string hash)
    {
        var all = Encoding.UTF8.GetBytes(FormattableString.Invariant($"{hash.ToLowerInvariant()}\n{version}"));
        return $"batch-{model}-{Convert.ToHexStringLower(SHA256.HashData(all))[..16]}";
    }
}
