using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// Scores a batch of events: rows are grouped by model, each model is called once. A bad event is set aside and stops nothing; the version
/// that a batch began with is its own until the end, whatever is deployed meanwhile. Throws on cancellation alone.
/// </summary>
public sealed partial class StreamScorer(
    ModelHost host,
    StreamingOptions options,
    DeadLetterStore deadLetters,
    StreamMetrics metrics,
    TimeProvider time,
    ILogger<StreamScorer> logger
)
{
    private readonly ModelWaiting models = new(host, options, time);

    public async Task<ScoredBatch> ScoreAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var scored = await ScoreGroupsAsync(batch, cancellationToken);
            metrics.Processed(batch, time.GetElapsedTime(started), error: null);
            return scored;
        }
        catch (Exception failed)
        {
            metrics.Processed(batch, time.GetElapsedTime(started), failed);
            throw;
        }
    }

    private async Task<ScoredBatch> ScoreGroupsAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        metrics.Read(batch, time.GetUtcNow());
        using var span = StreamSpans.Process(batch);
        var results = new BatchResults(batch, span, metrics, time);
        using var groups = new ModelGroups(models);
        await ReadAsync(batch, groups, results, cancellationToken);
        foreach (var group in groups.All)
        {
            await ScoreAsync(batch, group, results, cancellationToken);
        }

        if (results.DeadLetters is { Count: > 0 } letters)
        {
            await deadLetters.WriteAsync(batch.Hub, batch.Partition, letters, cancellationToken);
        }

        return results.Close();
    }

    private static async Task ReadAsync(EventBatch batch, ModelGroups groups, BatchResults results, CancellationToken cancellationToken)
    {
        string? last = null;
        for (var i = 0; i < batch.Events.Count; i++)
        {
            var streamed = batch.Events[i];
            var model = streamed.Model;
            try
            {
                model = last = EventEnvelope.ModelOf(streamed, last);
                (await groups.GetAsync(model, cancellationToken)).Rows.Add(i, streamed);
            }
            catch (BadEventException bad)
            {
                results.SetAside(streamed, model, bad.Reason, bad.Message);
            }
            catch (Exception failed) when (JsonBody.Explain(failed) is { } explained)
            {
                results.SetAside(streamed, model, DeadLetterReason.NotJson, explained.Message);
            }
        }
    }

    private async Task ScoreAsync(EventBatch batch, ModelGroup group, BatchResults results, CancellationToken cancellationToken)
    {
        var columns = group.Rows.ToBatch();
        if (columns.Rows == 0)
        {
            return;
        }

        var model = group.Lease.Manifest;
        using var span = ServingMetrics.Predict(model, columns.Rows);
        using var scoring = new TimedScoring(group, options.ScoreWait, time, logger, cancellationToken);
        var started = time.GetTimestamp();
        Predictions scored;
        TimeSpan took;
        try
        {
            if (await scoring.RunAsync(columns) is not { } inTime)
            {
                SetAllAside(batch, group, columns, results, scoring, span);
                return;
            }

            (scored, took) = (inTime, time.GetElapsedTime(started));
            results.Add(group, scored, first: 0);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            span.Fail(failed);
            using var scope = logger.About(model);
            BatchFailed(logger, model.Name, model.Version, columns.Rows, failed);
            await ScoreEachAsync(batch, group, columns, results, scoring);
            return;
        }

        metrics.Predictions.Scored(model, scored, took, PredictionSource.Stream);
        group.Lease.Counts?.Add(columns, scored);
    }

    private void SetAllAside(
        EventBatch batch,
        ModelGroup group,
        ColumnBatch columns,
        BatchResults results,
        TimedScoring scoring,
        Activity? span
    )
    {
        var (model, late) = (group.Lease.Manifest, new TimeoutException(scoring.Late));
        span.Fail(late);
        metrics.Predictions.Failed(model.Name, model.Version, columns.Rows, late.GetType().FullName!, PredictionSource.Stream);
        for (var row = 0; row < columns.Rows; row++)
        {
            SetAside(batch, group, row, results, DeadLetterReason.ScoringTimeout, scoring.Late);
        }
    }

    /// <summary>A row that the model fails on must not take the others with it.</summary>
    private async Task ScoreEachAsync(EventBatch batch, ModelGroup group, ColumnBatch columns, BatchResults results, TimedScoring scoring)
    {
        var tally = new RowTally(group.Lease.Manifest);
        for (var row = 0; row < columns.Rows; row++)
        {
            var started = time.GetTimestamp();
            try
            {
                if (await scoring.RunAsync(Row(columns, row)) is { } scored)
                {
                    var took = time.GetElapsedTime(started);
                    results.Add(group, scored, row);
                    tally.Add(scored, took);
                }
                else
                {
                    tally.Fail(new TimeoutException(scoring.Late));
                    SetAside(batch, group, row, results, DeadLetterReason.ScoringTimeout, scoring.Late);
                }
            }
            catch (Exception failed) when (failed is not OperationCanceledException)
            {
                tally.Fail(failed);
                SetAside(batch, group, row, results, DeadLetterReason.ScoringFailed, failed.Message);
            }
        }

        tally.Tell(metrics.Predictions);
    }

    private static void SetAside(EventBatch batch, ModelGroup group, int row, BatchResults results, string reason, string detail) =>
        results.SetAside(batch.Events[group.Rows.Events[row]], group.Lease.Manifest.Name, reason, detail);

    private static ColumnBatch Row(ColumnBatch columns, int row) =>
        new(
            1,
            [
                .. columns.Columns.Select(column =>
                    column.Texts is { } texts
                        ? new ColumnValues(column.Name, [texts[row]])
                        : new ColumnValues(column.Name, column.Type, [column.Numbers![row]])
                ),
            ]
        );

    [LoggerMessage(62, LogLevel.Error, "Model {Model} version {Version} failed on {Rows} rows at once; each is scored alone")]
    private static partial void BatchFailed(ILogger logger, string model, int version, int rows, Exception exception);
}
