using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Checkpoints;

/// <summary>
/// One trainer's: paced while all is well, at once when the machine goes. A state that cannot be written or stored is reported and
/// does not end the training: only more would be lost if the machine went.
/// </summary>
internal sealed class TrainerCheckpoints(
    JobCheckpoints job,
    string trainer,
    CheckpointPace pace,
    Departure departure,
    TimeProvider time,
    ILogger log,
    CancellationToken leaving
) : ICheckpoints
{
    private Task storing = Task.CompletedTask;
    private int freezes = departure.Freezes;

    public bool Due =>
        // Asked first: it measures the rounds.
        pace.IsDue() && storing.IsCompleted
        || leaving.IsCancellationRequested
        || freezes != departure.Freezes;

    public Checkpoint? Restore(int format) => job.Restore(trainer, format);

    public void Save(int format, int round, Action<Stream> write)
    {
        var started = time.GetTimestamp();
        freezes = departure.Freezes;
        // One on its way is waited for: they count in their order.
        storing.GetAwaiter().GetResult();
        var takenAt = time.GetUtcNow();
        if (Written(write) is { } file)
        {
            storing = Task.Run(() => StoreAsync(format, round, takenAt, started, file), CancellationToken.None);
        }

        pace.Saved(time.GetElapsedTime(started));
        if (leaving.IsCancellationRequested)
        {
            storing.GetAwaiter().GetResult();
            throw new EvictedException();
        }
    }

    public async Task EndAsync()
    {
        await storing;
        if (pace.Saves > 0)
        {
            log.LogInformation(
                "{Trainer}: {Saves} checkpoints took {Share:0.0 %} of its time; at the last interval of {Interval:0.0} s an eviction without notice "
                    + "loses {Loss:0.0} s on average.",
                trainer,
                pace.Saves,
                pace.Share,
                pace.Interval.TotalSeconds,
                pace.ExpectedLoss.TotalSeconds
            );
        }
    }

    private string? Written(Action<Stream> write)
    {
        var file = job.NewFile(trainer);
        try
        {
            using var stream = File.Create(file);
            write(stream);
            return file;
        }
        catch (IOException full)
        {
            log.LogError(
                "A checkpoint of {Trainer} could not be written: {Why} Training goes on; give the worker's temporary folder ({Folder}) more room.",
                trainer,
                full.Message,
                Path.GetTempPath()
            );
            Remove(file);
            return null;
        }
    }

    private async Task StoreAsync(int format, int round, DateTimeOffset takenAt, long started, string file)
    {
        try
        {
            await job.StoreAsync(trainer, format, round, takenAt, file, CancellationToken.None);
            pace.Stored(time.GetElapsedTime(started));
            log.LogInformation("Checkpoint of {Trainer} at round {Round}.", trainer, round);
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException or IOException)
        {
            log.LogWarning(
                "The checkpoint of {Trainer} at round {Round} could not be stored: {Why} Training goes on, the next one follows.",
                trainer,
                round,
                away.Message.FirstLine()
            );
        }
        catch (Exception gone) when (gone is OperationCanceledException or ClaimLostException)
        {
            // The job has ended, or is another's.
        }
        finally
        {
            Remove(file);
        }
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (IOException)
        {
            // It goes with the claim's folder.
        }
    }
}
