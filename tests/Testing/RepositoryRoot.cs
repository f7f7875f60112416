using Serverless.Cli.Stack;

namespace Serverless.Testing;

/// <summary>Where the repository lies on this machine.</summary>
public static class RepositoryRoot
{
    public static string Path => ProjectRoot.Path;

    /// <summary>A file of the repository.</summary>
    public static string File(params ReadOnlySpan<string> parts) => System.IO.Path.Combine([Path, .. parts]);
}
