using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs.Specialized;
using Serverless.Cli.Stack;
using Serverless.GpuWorker.Tests.Jobs;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
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

    [Fact]
    public async Task Job_NoLibtorch_FailsAndSaysWhereItWasLookedForAndWhatToDo()
    {
        using var empty = new TestFolder();
        Assert.SkipUnless(await CanMountAsync(empty), "This account may not mount a small disk.");
        var hidden = TorchFolders().Select(folder => $"mount -t tmpfs none {folder}");

        var result = await FailedAsync("no-libtorch", string.Join(" && ", hidden));

        Assert.Equal((JobState.Failed, false), (result.State, result.Failure!.UserError));
        Assert.StartsWith("Trainer 'torch' needs libtorch.so, and it is in none of ", result.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("publish the worker again", result.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_BuiltForCudaAndNoGpu_FailsAndSaysWhatToInstall()
    {
        using var folder = new TestFolder();
        Assert.SkipUnless(await CanMountAsync(folder), "This account may not mount a small disk.");
        var torch = Path.GetDirectoryName(TorchFiles.OfWorker().Find(TorchFiles.Torch)!)!;
        // As a worker for CUDA has it: beside libtorch lies a library for the GPU. Any that loads will do, since there is no GPU.
        var any = Path.Combine(torch, "libc10.so");
        var (before, with) = (folder.File("before"), folder.File("with"));
        var mount =
            $"mkdir {before} {with} && mount --bind {torch} {before} && ln -s {before}/* {with} && cp {any} {with}/{TorchFiles.Cuda} "
            + $"&& mount --bind {with} {torch}";

        var result = await FailedAsync("no-gpu", mount);

        Assert.Equal((JobState.Failed, false), (result.State, result.Failure!.UserError));
        Assert.StartsWith("This worker was built for CUDA and finds no NVIDIA GPU", result.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("install the driver", result.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_CheckpointsThatAreCorrupt_BeginsAnewAndSaysSo()
    {
        const string Job = "corrupt-job";
        var training = new StoredTraining(azurite.StorageClients, "corrupt");
        await training.StoreAsync(rows: 20_000, seed: 6, "{ lightgbm: { rounds: 3000, earlyStopping: 0 } }", "task: binary", Cancelled);
        await training.OfferAsync(Job, Cancelled);
        await using var first = Worker(azurite.ConnectionString);
        var saved = await Eventually.GivesAsync(
            async () => await training.ResultAsync(Job, Cancelled) is { Checkpoints.Count: > 0 } now ? now : null,
            $"a checkpoint\n{first.Tail}",
            Cancelled
        );
        Assert.False(saved.IsFinal, "The training ended before it could be broken off.");
        first.Kill();
        await first.Exited;
        var jobs = azurite.StorageClients.Container(Containers.Jobs);
        foreach (var checkpoint in (await training.ResultAsync(Job, Cancelled)).Checkpoints)
        {
            var blob = jobs.GetBlobClient(JobBlobs.Checkpoint(Job, checkpoint));
            await blob.UploadAsync(BinaryData.FromString("half of it"), overwrite: true, Cancelled);
        }

        await jobs.GetBlobClient(JobBlobs.Result(Job)).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancelled);
        await training.OfferAsync(Job, Cancelled);
        await using var second = Worker(azurite.ConnectionString);
        var result = await Eventually.GivesAsync(
            async () => await training.ResultAsync(Job, Cancelled) is { IsFinal: true } ended ? ended : null,
            $"the end\n{second.Tail}",
            Cancelled,
            TimeSpan.FromMinutes(3)
        );

        Assert.True(result.State == JobState.Succeeded, result.Failure?.Message);
        Assert.Equal(3000, result.Train!.Rounds);
        Assert.Contains("is passed over: its 10 bytes are not those that were written.", result.Claims[^1].Note, StringComparison.Ordinal);
        var rounds = (await training.Board.ReadMetricsAsync(Job, 0, Cancelled)).Select(point => point.Round);
        Assert.Equal(Enumerable.Range(1, 3000), rounds);
    }

    /// <summary>A job of trainer torch on a worker that sees such a disk; gives how it failed.</summary>
    private async Task<JobResult> FailedAsync(string run, string mount)
    {
        var training = new StoredTraining(azurite.StorageClients, run);
        await training.StoreAsync(rows: 400, seed: 4, "{ torch: { epochs: 1 } }", "task: binary", Cancelled);
        await training.OfferAsync($"{run}-job", Cancelled);
        await using var worker = Worker(azurite.ConnectionString, mount: mount);
        return await Eventually.GivesAsync(
            async () => await training.ResultAsync($"{run}-job", Cancelled) is { Failure: not null } failed ? failed : null,
            $"the failure of the job\n{worker.Tail}",
            Cancelled
        );
    }

    private static IEnumerable<string> TorchFolders() =>
        TorchFiles.OfWorker().Folders.Where(folder => File.Exists(Path.Combine(folder, TorchFiles.Torch)));

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
