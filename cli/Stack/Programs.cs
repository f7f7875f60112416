namespace Serverless.Cli.Stack;

/// <summary>The programs that are built with the command line and run as processes of their own.</summary>
internal static class Programs
{
    public const string App = "Serverless.Functions";
    public const string Worker = "Serverless.GpuWorker";

    /// <summary>The command line itself, whose assembly has a name of its own.</summary>
    public const string Cli = "Serverless.Cli";

    /// <summary>How to start one of them.</summary>
    /// <exception cref="StackException">It is not built.</exception>
    public static ChildStart Start(string program, string name, IEnumerable<string> arguments, string? logFile)
    {
        // artifacts/bin/{project}/{configuration}: ours and theirs differ in the project alone.
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var assembly = Path.Combine(
            ours.Parent?.Parent?.FullName ?? "",
            program,
            ours.Name,
            program == Cli ? "serverless.dll" : program + ".dll"
        );
        if (!File.Exists(assembly))
        {
            throw new StackException(
                $"{assembly} is not there; expected the program to be built with the command line. Run 'dotnet build' in {ProjectRoot.Path}."
            );
        }

        return new ChildStart(name, DotnetHost(), [assembly, .. arguments], logFile);
    }

    /// <summary>What makes a .NET child stop when this process goes; see <see cref="ChildProcess"/>.</summary>
    public static KeyValuePair<string, string?> Guard { get; } = new("DOTNET_STARTUP_HOOKS", typeof(Programs).Assembly.Location);

    private static string DotnetHost()
    {
        if (Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet")
        {
            return self;
        }

        var beside = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH");
        return File.Exists(beside) ? beside : "dotnet";
    }
}
