using Xunit;

namespace Serverless.Testing;

/// <summary>The public data sets that lie in <c>../shared/data</c> beside the repository on some machines.</summary>
public static class SharedData
{
    public static string Folder { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(RepositoryRoot.Path, "..", "shared", "data"));

    /// <summary>The file's path; where it is absent the test is skipped, visibly.</summary>
    public static string Require(string file)
    {
        var path = System.IO.Path.Combine(Folder, file);
        Assert.SkipUnless(File.Exists(path), $"{file} is not in ../shared/data beside the repository; nothing to test on.");
        return path;
    }
}
