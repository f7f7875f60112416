using System.Globalization;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Batch;

/// <summary>One chunk from its blob to its part, in files that are gone when it is done.</summary>
internal sealed class ChunkWork(
    BatchStore store,
    ChunkScoring scoring,
    BatchRequest request,
    BatchPlan plan,
    ChunkSource source,
    string folder,
    BatchOptions options,
    TimeProvider time
)
{
    public async Task<string> FetchAsync(BatchChunk chunk, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{chunk.Index}.source"));
        await source.FetchAsync(chunk, path, cancellationToken);
        return path;
    }

    /// <summary>Scores when a core is free, then uploads beside the next one.</summary>
    public async Task<PartReport> ScoreAsync(BatchChunk chunk, string path, SemaphoreSlim cores, CancellationToken cancellationToken)
    {
        var target = Path.ChangeExtension(path, plan.Extension);
        await cores.WaitAsync(cancellationToken);
        var started = time.GetTimestamp();
        PartReport report;
        try
        {
            report = await Task.Factory.StartNew(
                () => scoring.Score(chunk, path, target, path + ".spill", cancellationToken),
                cancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
        }
        catch (Exception broken) when (broken is not OperationCanceledException)
        {
            Failed(chunk.Rows, broken.GetType().FullName!);
            throw;
        }
        finally
        {
            cores.Release();
        }

        File.Delete(path);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        // One of the chunks that share the machine.
        var machine = seconds / options.Parallel;
        report = report with
        {
            BytesRead = chunk.Bytes,
            BytesWritten = new FileInfo(target).Length,
            Seconds = seconds,
            MachineSeconds = machine,
            Price = options.HourlyPrice * (decimal)machine / 3600,
        };
        await store.WritePartAsync(request, plan, report, target, cancellationToken);
        File.Delete(target);
        Count(report);
        return report;
    }

    // Behind the writing: a chunk that is scored again because it was not written counts once.
    private void Count(PartReport report)
    {
        var (metrics, failed) = (PredictionMetrics.Shared, report.Failed - report.Rejected);
        if (!metrics.Enabled)
        {
            return;
        }

        var inModel = TimeSpan.FromSeconds(report.Tally.ModelSeconds);
        metrics.Scored(
            request.Model,
            request.Version,
            scoring.Classes,
            [.. report.Tally.Classes],
            report.Rows - failed,
            inModel,
            PredictionSource.Batch
        );
        Failed(failed, "bad-value");
        Failed(report.Rejected, "no-row");
    }

    private void Failed(long rows, string error) =>
        PredictionMetrics.Shared.Failed(request.Model, request.Version, rows, error, PredictionSource.Batch);
}
