using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.GpuWorker.Gangs;

/// <summary>Takes a seat beside another worker's claim, and helps until that one says that it is over, or is silent.</summary>
internal sealed class GangMember(
    StorageClients storage,
    MachineInfo machine,
    Departure departure,
    GangOptions options,
    TimeProvider time,
    ILogger<GangMember> log
)
{
    /// <summary>Returns when there is no more to do, for whatever reason: rank 0 sees to the job.</summary>
    public async Task JoinAsync(SeatOffer offer, CancellationToken stopping)
    {
        var (job, seat, message) = offer;
        using var scope = log.About(job);
        var blobs = new GangBlobs(storage, job.JobId, seat.Fence, seat.Generation);
        var gang = await blobs.ReadAsync(CancellationToken.None);
        var run = new MemberRun(new MemberSetup(storage, job, seat, machine, departure, options, time, log), blobs);
        if (gang is not { Phase: GangPhase.Forming } || !await run.TakeAsync(CancellationToken.None))
        {
            log.LogInformation("Rank {Rank} of job {JobId} is no longer looked for.", seat.Rank, job.JobId);
            await message.DeleteAsync(CancellationToken.None);
            return;
        }

        await message.DeleteAsync(CancellationToken.None);
        log.LogInformation("Rank {Rank} of {Ranks} of job {JobId}, claim {Fence}.", seat.Rank, gang.Ranks, job.JobId, seat.Fence);
        var folder = Directory.CreateTempSubdirectory("serverless-rank-").FullName;
        try
        {
            await run.RunAsync(gang, folder, stopping);
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException or IOException or InvalidDataException)
        {
            log.LogWarning("Rank {Rank} of job {JobId} gives up: {Why}", seat.Rank, job.JobId, away.Message.FirstLine());
        }
        finally
        {
            Remove(folder);
        }
    }

    private void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The temporary folder {Folder} could not be removed: {Why}", folder, busy.Message);
        }
    }
}
