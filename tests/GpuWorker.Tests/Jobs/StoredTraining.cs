using Azure.Storage.Blobs.Models;
using Serverless.GpuWorker.Tests.Trainers;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

/// <summary>A split and a definition in storage, and jobs that train on them.</summary>
internal sealed class StoredTraining(StorageClients storage, string run)
{
    private readonly SplitRef split = new DatasetRef("made-data", "0123456789abcdef").Split("fedcba9876543210");

    public JobBoard Board { get; } = new(storage, TimeProvider.System);

    /// <param name="rows">Of the whole.</param>
    /// <param name="seed">Of the rows.</param>
    /// <param name="trainers">As in pipeline.yaml.</param>
    /// <param name="data">More keys of <c>data</c>.</param>
    /// <param name="cancellationToken">Stop.</param>
    public async Task StoreAsync(int rows, int seed, string trainers, string data, CancellationToken cancellationToken)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, rows, seed), seed);
        var datasets = storage.Container(Containers.Datasets);
        foreach (var (blob, file) in new[] { (split.Train, files.Train), (split.Validation, files.Validation), (split.Test, files.Test) })
        {
            await datasets.GetBlobClient(blob).UploadAsync(file, new BlobUploadOptions(), cancellationToken);
        }

        await datasets.WriteJsonAsync(split.Dataset.Schema, files.Schema, cancellationToken);
        var yaml = $$"""
            name: made-data
            data: { target: label, ignore: [kind, value], {{data}} }
            training: { trainers: [ {{trainers}} ] }
            """;
        // Programs that the definition names are stored before.
        await new CodeStore(storage).PinAsync(DefinitionReader.Read(yaml).Definition!, run, cancellationToken);
        var runs = storage.Container(Containers.Runs);
        await runs.GetBlobClient(DefinitionStore.PinnedBlob(run))
            .UploadAsync(BinaryData.FromString(yaml), overwrite: true, cancellationToken);
    }

    /// <summary>Jobs of one run give the same bytes: all that is in the graph is the same.</summary>
    public Task OfferAsync(string jobId, CancellationToken cancellationToken, int workers = 1, int age = 0, params string[] regions) =>
        Board.OfferAsync(
            new JobSpec
            {
                JobId = jobId,
                Kind = JobKind.Train,
                Queue = Queues.JobsCpu,
                Pipeline = "made-data",
                RunId = run,
                NotifyInstance = run,
                CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(-age),
                Workers = workers,
                Regions = regions,
                Train = new TrainJob
                {
                    Split = split,
                    TestBlob = split.Test,
                    DefinitionBlob = DefinitionStore.PinnedBlob(run),
                    Threads = 1,
                },
            },
            cancellationToken
        );

    public async Task<JobResult> ResultAsync(string jobId, CancellationToken cancellationToken) =>
        (await Board.ReadResultAsync(jobId, cancellationToken))!;
}
