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

    public static string Blob(string pipeline, string file) => $"{pipeline}/{file}";

    public static string TestBlob(string pipeline, string file) =>
        file.StartsWith(TestFolder, StringComparison.Ordinal) ? $"{pipeline}/{file}" : $"{pipeline}/{TestFolder}{file}";
}
