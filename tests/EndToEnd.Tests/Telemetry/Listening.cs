using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>What the start-up hook of this assembly saw in the processes of a stack.</summary>
internal sealed class Listening : IDisposable
{
    /// <summary>Names the folder; each process writes <c>{assembly}-{id}.txt</c> there.</summary>
    public const string FolderVariable = "LISTENING_FOLDER";

    private readonly TestFolder folder = new();

    /// <summary>Brings the hook into the app and the workers, beside the one that ends them with their parent.</summary>
    public IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [Programs.Guard.Key] = $"{Programs.Guard.Value}{Path.PathSeparator}{typeof(Listening).Assembly.Location}",
            [FolderVariable] = folder.Path,
        };

    /// <summary>The lines of each process of a program that has written some: one that is started again is another.</summary>
    public IEnumerable<IReadOnlyList<string>> Of(string program) =>
        Directory.EnumerateFiles(folder.Path, $"{program}-*.txt").Select(File.ReadAllLines);

    public void Dispose() => folder.Dispose();
}
