namespace Serverless.Functions.Drops;

/// <summary>Where in container <c>drop</c> a file lies.</summary>
/// <param name="Pipeline">First folder; null for a file outside of any.</param>
/// <param name="File">The rest of the name.</param>
/// <param name="HeldOut">True for <c>{pipeline}/test/{file}</c>, which starts no run.</param>
public sealed record DropPath(string? Pipeline, string File, bool HeldOut)
{
    private const string TestFolder = "test/";

    public static DropPath Of(string blob)
    {
        var slash = blob.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == blob.Length - 1)
        {
            return new DropPath(null, blob.Trim('/'), HeldOut: false);
        }

        var file = blob[(slash + 1)..];
        return new DropPath(blob[..slash], file, file.StartsWith(TestFolder, StringComparison.Ordinal));
    }

    /// <summary>Whether an upload or a held-out file may be named so, as data.test: no folders, which could lead out of the pipeline's own.</summary>
    public static bool IsFileName(string name) =>
        name is { Length: > 0 and <= 200 } and not ("." or "..") && !name.AsSpan().ContainsAny('/', '\\');

    public static string Blob(string pipeline, string file) => $"{pipeline}/{file}";

    public static string TestBlob(string pipeline, string file) => $"{pipeline}/{TestFolder}{file}";
}
