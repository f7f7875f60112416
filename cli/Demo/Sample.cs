using Serverless.Cli.Stack;
using Serverless.Samples.MachineFailure;

namespace Serverless.Cli.Demo;

/// <summary>The demo's file: generated machines, in a temporary folder that goes with it.</summary>
internal sealed class Sample(int rows, int seed) : IDisposable
{
    /// <summary>The name in the sample's definition.</summary>
    public const string Pipeline = "machine-failure";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("serverless-demo-");

    public string Name => $"machines-{seed}.csv";

    public string File => Path.Combine(folder.FullName, Name);

    public static Task<string> DefinitionAsync(CancellationToken cancellationToken) =>
        System.IO.File.ReadAllTextAsync(Path.Combine(ProjectRoot.Path, "samples", Pipeline, "pipeline.yaml"), cancellationToken);

    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(File);
        await Task.Run(() => new MachineFailureGenerator(seed).WriteCsv(writer, rows), cancellationToken);
    }

    /// <summary>The header and the first row.</summary>
    public async Task<string> HeadAsync(CancellationToken cancellationToken)
    {
        using var reader = System.IO.File.OpenText(File);
        return $"{await reader.ReadLineAsync(cancellationToken)}\n{await reader.ReadLineAsync(cancellationToken)}\n";
    }

    public void Dispose() => folder.Delete(recursive: true);
}
