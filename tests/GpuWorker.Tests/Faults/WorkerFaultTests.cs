using System.Net;
using System.Net.Sockets;
using Serverless.Cli.Stack;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Faults;

/// <summary>Real workers on machines that lack something.</summary>
public sealed class WorkerFaultTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_StorageThatNobodyAnswersFor_EndsWithCode3AndSaysWhatToDo()
    {
        var port = ClosedPort();
        var storage = azurite.ConnectionString.Split(';').Select(part => Elsewhere(part, port));
        await using var worker = Worker(string.Join(';', storage));

        var code = await worker.Exited.WaitAsync(TimeSpan.FromMinutes(4), Cancelled);

        Assert.True(code == 3, worker.Tail);
        Assert.Contains($"127.0.0.1:{port}", worker.Tail, StringComparison.Ordinal);
        Assert.Contains("cannot be used", worker.Tail, StringComparison.Ordinal);
        Assert.Contains("correct setting 'Storage'", worker.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_DiskThatIsFull_WaitsAgainAndSaysWhatToDo()
    {
        using var folder = new TestFolder();
        Assert.SkipUnless(await CanMountAsync(folder), "This account may not mount a small disk.");
        var training = new StoredTraining(azurite.StorageClients, "full-disk");
        await training.StoreAsync(rows: 60_000, seed: 4, "{ lightgbm: { rounds: 5 } }", "task: binary", Cancelled);
        await training.OfferAsync("full-disk-job", Cancelled);
        await using var worker = Worker(azurite.ConnectionString, folder, $"mount -t tmpfs -o size=128k none {folder.Path}");

        var result = await Eventually.GivesAsync(
            async () => await training.ResultAsync("full-disk-job", Cancelled) is { Failure: not null } failed ? failed : null,
            $"the failure of the job\n{worker.Tail}",
            Cancelled
        );

        // Not the job's fault: another worker, or this one with more room, may do it.
        Assert.Equal((JobState.Waiting, 1, false), (result.State, result.Crashes, result.Failure!.UserError));
        Assert.Contains("No space left on device", result.Failure.Message, StringComparison.Ordinal);
        Assert.Contains($"give the worker's temporary folder ({folder.Path}/) more room", result.Failure.Message, StringComparison.Ordinal);
        Assert.False(worker.Exited.IsCompleted, worker.Tail);
        await training.Board.CancelAsync("full-disk-job", Cancelled);
    }

    /// <param name="storage">Its account.</param>
    /// <param name="temporary">Its temporary folder; null: the machine's.</param>
    /// <param name="mount">Done before in a name space of its own, which ends with the worker.</param>
    private static ChildProcess Worker(string storage, TestFolder? temporary = null, string? mount = null)
    {
        var start = Programs.Start(Programs.Worker, "faulty", ["--queue", "jobs-cpu"], logFile: null) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["Storage"] = storage,
                // Nothing answers there: a machine of one's own.
                ["MACHINE_METADATA"] = $"http://127.0.0.1:{ClosedPort()}",
                [Programs.Guard.Key] = Programs.Guard.Value,
                ["TMPDIR"] = temporary?.Path ?? Path.GetTempPath(),
            },
        };
        return ChildProcess.Start(mount is null ? start : InNamespace(start, $"{mount} && exec \"$@\""));
    }

    private static ChildStart InNamespace(ChildStart start, string script) =>
        start with
        {
            File = "unshare",
            Arguments = ["--mount", "sh", "-c", script, "sh", start.File, .. start.Arguments],
        };

    private static async Task<bool> CanMountAsync(TestFolder folder)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/unshare"))
        {
            return false;
        }

        var probe = new ChildStart("probe", "true", [], LogFile: null);
        await using var process = ChildProcess.Start(InNamespace(probe, $"mount -t tmpfs -o size=128k none {folder.Path}"));
        return await process.Exited == 0;
    }

    private static string Elsewhere(string part, int port) =>
        part.Contains("Endpoint=", StringComparison.Ordinal) ? $"{part.Split('=')[0]}=http://127.0.0.1:{port}/devstoreaccount1" : part;

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
