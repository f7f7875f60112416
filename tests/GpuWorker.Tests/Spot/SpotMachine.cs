using System.Runtime.InteropServices;
using Serverless.Cli.Stack;
using Serverless.Cli.Stack.Spot;
using Serverless.Pipeline.Costs;

namespace Serverless.GpuWorker.Tests.Spot;

/// <summary>A real worker process, on a machine that the stand-in for the metadata service knows as Spot.</summary>
internal sealed class SpotMachine : IAsyncDisposable
{
    private const int Sigstop = 19;
    private const int Sigcont = 18;

    private readonly ChildProcess process;

    private SpotMachine(string name, ChildProcess process) => (Name, this.process) = (name, process);

    public string Name { get; }

    /// <summary>The end of its log.</summary>
    public string Tail => process.Tail;

    public static SpotMachine Start(MetadataServer metadata, string name, string storage)
    {
        var machine = new FakeMachine(name, "Standard_D2as_v5", PriceTable.BuiltIn.ReferenceRegion, "Spot");
        var start = Programs.Start(Programs.Worker, name, ["--queue", "jobs-cpu"], logFile: null) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["Storage"] = storage,
                ["MACHINE_METADATA"] = metadata.AddressOf(machine),
                [Programs.Guard.Key] = Programs.Guard.Value,
            },
        };
        return new SpotMachine(name, ChildProcess.Start(start));
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.Exited;
    }

    public void Pause() => Assert.Equal(0, Signal(process.Id, Sigstop));

    public void Resume() => Assert.Equal(0, Signal(process.Id, Sigcont));

    public async ValueTask DisposeAsync() => await process.DisposeAsync();

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
