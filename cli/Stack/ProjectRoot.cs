namespace Serverless.Cli.Stack;

/// <summary>Where the sources lie: the folder with <c>package-lock.json</c> above the assembly.</summary>
public static class ProjectRoot
{
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Serverless.sln")))
            {
                return folder.FullName;
            }
        }

        throw new StackException(
            $"Found no Serverless.sln above {AppContext.BaseDirectory}. The local stack runs from a clone of the repository: build and start it there."
        );
    }
}
