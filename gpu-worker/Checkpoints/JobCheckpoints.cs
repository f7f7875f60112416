using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Checkpoints;

/// <summary>
/// The checkpoints of a claimed job. Bytes go into the claim's own folder first; then <c>result.json</c> names them under the lease, and from
/// there on they count. So a checkpoint is whole or is none, and a worker that lost the job can add none.
/// </summary>
internal sealed class JobCheckpoints(
    StorageClients storage,
    ClaimedJob claim,
    string folder,
    GrowingBlob metrics,
    Departure departure,
    CheckpointOptions options,
    TimeProvider time,
    ILogger log,
    CancellationToken leaving
) : IAsyncDisposable
{
    private readonly BlobContainerClient jobs = storage.Container(Containers.Jobs);
    private readonly CancellationTokenSource ended = new();
    private readonly List<TrainerCheckpoints> opened = [];

    /// <summary>Those of one trainer; several trainers use theirs at once.</summary>
    public ICheckpoints Of(string trainer)
    {
        var checkpoints = new TrainerCheckpoints(this, trainer, new CheckpointPace(options, time), departure, time, log, leaving);
        lock (opened)
        {
            opened.Add(checkpoints);
        }

        return checkpoints;
    }

    /// <summary>A file of this claim's for a state on its way.</summary>
    public string NewFile(string trainer) => Path.Combine(folder, $"checkpoint-{trainer}-{time.GetTimestamp()}");

    /// <summary>The newest whole one, as a file; what is missing or corrupt is passed over and reported.</summary>
    public Checkpoint? Restore(string trainer, int format)
    {
        foreach (var candidate in claim.Checkpoints.Where(each => each.Trainer == trainer))
        {
            if (candidate.Format != format)
            {
                log.LogWarning(
                    "Checkpoint {Number} of {Trainer} has format {Found}; this worker knows {Expected}. It is passed over.",
                    candidate.Number,
                    trainer,
                    candidate.Format,
                    format
                );
                continue;
            }

            var file = NewFile(trainer);
            if (WhyUnusable(candidate, file) is { } why)
            {
                var what = $"Checkpoint {candidate.Number} of {trainer} (round {candidate.Round}) is passed over: {why}.";
                log.LogError("{What} The one before it serves, or training begins anew.", what);
                claim.Note(what);
                continue;
            }

            RepeatMetrics(candidate);
            log.LogInformation("{Trainer} goes on from round {Round} (checkpoint {Number}).", trainer, candidate.Round, candidate.Number);
            return new Checkpoint(candidate.Round, file);
        }

        return null;
    }

    /// <summary>Stores the file's bytes and lets them count.</summary>
    public async Task StoreAsync(
        string trainer,
        int format,
        int round,
        DateTimeOffset takenAt,
        string file,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token, claim.Lost);
        // The points up to here are stored first: whoever goes on from this state finds them.
        await metrics.FlushAsync(stop.Token);
        var number = claim.Checkpoints.FirstOrDefault(each => each.Trainer == trainer)?.Number ?? 0;
        await using var bytes = File.OpenRead(file);
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, stop.Token));
        var checkpoint = new CheckpointRef(trainer, number + 1, format, round, claim.Fence, digest, bytes.Length, takenAt);
        bytes.Position = 0;
        var upload = new BlobUploadOptions { HttpHeaders = new() { ContentType = "application/octet-stream" } };
        await jobs.GetBlobClient(JobBlobs.Checkpoint(claim.Job.JobId, checkpoint)).UploadAsync(bytes, upload, stop.Token);
        foreach (var old in await claim.CommitAsync(checkpoint, stop.Token))
        {
            // Not given up with the rest when the job ends: nobody would know of the blob any more.
            await jobs.GetBlobClient(JobBlobs.Checkpoint(claim.Job.JobId, old)).DeleteIfExistsAsync(cancellationToken: claim.Lost);
        }
    }

    /// <summary>What is on its way is given up: the job has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        foreach (var checkpoints in opened)
        {
            await checkpoints.EndAsync();
        }

        ended.Dispose();
    }

    private string? WhyUnusable(CheckpointRef checkpoint, string file)
    {
        try
        {
            using (jobs.GetBlobClient(JobBlobs.Checkpoint(claim.Job.JobId, checkpoint)).DownloadTo(file, claim.Lost))
            {
                using var bytes = File.OpenRead(file);
                var digest = Convert.ToHexStringLower(SHA256.HashData(bytes));
                return digest == checkpoint.Digest ? null : $"its {bytes.Length:N0} bytes are not those that were written";
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return "it is not there";
        }
    }

    /// <summary>The new claim's metrics begin with the points up to the checkpoint.</summary>
    private void RepeatMetrics(CheckpointRef checkpoint)
    {
        try
        {
            var before = jobs.GetBlobClient(JobBlobs.Metrics(claim.Job.JobId, checkpoint.Fence)).DownloadContent(claim.Lost);
            foreach (var line in before.Value.Content.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                var point = JsonSerializer.Deserialize<MetricPoint>(line, PipelineJson.Compact)!;
                if (point.Trainer == checkpoint.Trainer && point.Round <= checkpoint.Round)
                {
                    metrics.Add(line);
                }
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            // Stored before the checkpoint; if it was removed since, the curve begins here.
        }
    }
}
