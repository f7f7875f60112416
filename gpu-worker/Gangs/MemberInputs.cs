using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

/// <summary>Fetches what a rank other than 0 reads, and starts it.</summary>
internal sealed class MemberInputs(StorageClients storage, JobSpec job)
{
    public async Task<RankProcess> StartAsync(
        GangBlobs blobs,
        GangSeat seat,
        GangState gang,
        int port,
        string folder,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var train =
            job.Train ?? throw new InvalidDataException($"Job '{job.JobId}' has no field 'train'; only training is done by several.");
        var definition = (await new DefinitionStore(storage).ReadPinnedAsync(train.DefinitionBlob, cancellationToken)).Definition;
        var datasets = storage.Container(Containers.Datasets);
        var schema = await datasets.ReadJsonAsync<DatasetSchema>(train.Split.Dataset.Schema, cancellationToken);
        var rows = Path.Combine(folder, "train.parquet");
        using (await datasets.GetBlobClient(train.Split.Train).DownloadToAsync(rows, cancellationToken)) { }

        var state = gang.StateRound > 0 ? Path.Combine(folder, "state") : null;
        if (state is not null)
        {
            await blobs.DownloadStateAsync(state, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        var spec = new RankSpec
        {
            Rank = seat.Rank,
            Ranks = gang.Ranks,
            Port = port,
            Rows = gang.Rows,
            TrainFile = rows,
            Schema =
                schema ?? throw new InvalidDataException($"Blob datasets/{train.Split.Dataset.Schema} is not there. Start the run again."),
            Data = definition.Data,
            Settings = definition.Training.Trainers[0].LightGbm ?? new LightGbmSettings(),
            Seed = definition.Training.Seed,
            Threads = gang.Threads,
            SegmentRounds = train.SegmentRounds,
            StateFile = state,
            StateRound = gang.StateRound,
            Folder = folder,
        };
        return RankProcess.Start(spec, time);
    }
}
