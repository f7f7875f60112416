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
    private IReadOnlyList<int> paused = [];

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

    /// <summary>SIGSTOP to the worker and all that it started, as a machine stands still as a whole: a rank that went on might end the training.</summary>
    public void Pause()
    {
        // The worker first: it starts no more then.
        Assert.Equal(0, Signal(process.Id, Sigstop));
        paused = [process.Id, .. Processes.StartedBy(process.Id)];
        foreach (var id in paused)
        {
            _ = Signal(id, Sigstop);
        }
    }

    public void Resume()
    {
        foreach (var id in paused)
        {
            _ = Signal(id, Sigcont);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        // What the worker started ends with it, but not while it stands still.
        Resume();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
