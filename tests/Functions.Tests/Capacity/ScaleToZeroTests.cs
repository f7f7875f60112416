using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Cli.Stack;
using Serverless.Cli.Stack.Spot;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>The whole way, with a worker's real process as the machine: a job is offered, a machine comes, does it, is idle, and goes.</summary>
public sealed class ScaleToZeroTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly MetadataServer metadata = new(TimeProvider.System);
    private readonly ConcurrentDictionary<string, ChildProcess> machines = new();
    private ArmStandIn arm = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await metadata.StartAsync(CancellationToken.None);
        arm = await ArmStandIn.StartAsync();
        arm.Started = Start;
        arm.Gone = machine => machines[machine].Kill();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines.Values)
        {
            await machine.DisposeAsync();
        }

        await arm.DisposeAsync();
        await metadata.DisposeAsync();
    }

    [Fact]
    public async Task Job_Offered_GetsAMachineWhichGoesWhenItIsDone()
    {
        var board = new JobBoard(azurite.StorageClients, TimeProvider.System);
        var options = new CapacityOptions
        {
            Offers = JsonSerializer.Serialize(new[] { arm.Add("vmss-cpu-spot", max: 2) }, PipelineJson.Compact),
            Grace = TimeSpan.FromSeconds(1),
        };
        var keeper = new CapacityKeeper(
            azurite.StorageClients,
            arm.Client(),
            options,
            PriceTable.BuiltIn,
            TimeProvider.System,
            NullLogger<CapacityKeeper>.Instance
        );
        var job = await IngestJobAsync();

        await new OfferJob(board, keeper, NullLogger<OfferJob>.Instance).RunAsync(job, Cancelled);

        var machine = Assert.Single(arm.Of("vmss-cpu-spot").Machines);
        var result = await Eventually.GivesAsync(
            async () =>
            {
                await keeper.LookAsync(Cancelled);
                return await board.ReadResultAsync(job.JobId, Cancelled) is { IsFinal: true } ended ? ended : null;
            },
            "the job's end",
            Cancelled,
            TimeSpan.FromMinutes(3)
        );
        Assert.True(result.State == JobState.Succeeded, $"{result.Failure?.Message} {machines[machine].Tail}");
        Assert.Equal(machine, Assert.Single(result.Claims).Machine.Name);

        var marked = false;
        await Eventually.HoldsAsync(
            async () =>
            {
                await keeper.LookAsync(Cancelled);
                marked |= await new WorkerRegister(azurite.StorageClients).MarkOfAsync(machine, Cancelled) is not null;
                return arm.Of("vmss-cpu-spot").Machines.Length == 0;
            },
            "the idle machine's end",
            Cancelled,
            TimeSpan.FromMinutes(3)
        );

        // Asked first, deleted by its name, and no number was lowered.
        Assert.True(marked);
        Assert.Contains("takes no more jobs", machines[machine].Tail, StringComparison.Ordinal);
        Assert.Contains(
            machine,
            Assert.Single(arm.Requests, request => request.Method == "POST").Body!.ToJsonString(),
            StringComparison.Ordinal
        );
        Assert.Single(arm.Requests, request => request.Method == "PATCH");
        Assert.Empty(arm.Violations);
    }

    private void Start(string machine)
    {
        var address = metadata.AddressOf(new FakeMachine(machine, "Standard_D2as_v5", "eastus", "Spot"));
        machines[machine] = ChildProcess.Start(
            Programs.Start(Programs.Worker, machine, ["--queue", Queues.JobsCpu], logFile: null) with
            {
                Environment = new Dictionary<string, string?>
                {
                    ["Storage"] = azurite.ConnectionString,
                    ["MACHINE_METADATA"] = address,
                    [Programs.Guard.Key] = Programs.Guard.Value,
                },
            }
        );
    }

    private async Task<JobSpec> IngestJobAsync()
    {
        const string Run = "scale-0123456789abcdef";
        var csv = Encoding.UTF8.GetBytes("x,label\n" + string.Concat(Enumerable.Range(0, 400).Select(row => $"{row % 17},{row % 2}\n")));
        var storage = azurite.StorageClients;
        await storage.Container(Containers.Drop).GetBlobClient("scale/rows.csv").UploadAsync(BinaryData.FromBytes(csv), true, Cancelled);
        await storage
            .Container(Containers.Runs)
            .GetBlobClient(DefinitionStore.PinnedBlob(Run))
            .UploadAsync(BinaryData.FromString("name: scale\ndata: { target: label, task: binary }\n"), true, Cancelled);
        return new JobSpec
        {
            JobId = "scale-job",
            Kind = JobKind.Ingest,
            Queue = Queues.JobsCpu,
            Pipeline = "scale",
            RunId = Run,
            NotifyInstance = Run,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Ingest = new IngestRequest
            {
                Pipeline = "scale",
                RunId = Run,
                SourceBlob = "scale/rows.csv",
                SourceHash = Convert.ToHexStringLower(SHA256.HashData(csv)),
                SourceBytes = csv.Length,
                DefinitionBlob = DefinitionStore.PinnedBlob(Run),
            },
        };
    }
}
