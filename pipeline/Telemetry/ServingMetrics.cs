using System.Diagnostics;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Spans of predictions, and requests as a whole; the numbers are <see cref="PredictionMetrics"/>.</summary>
internal static class ServingMetrics
{
    /// <summary>The span of rows that a model scores at once, beside others of its batch; null while nobody listens.</summary>
    public static Activity? Predict(ModelManifest model, int rows) => Describe(Signals.Spans.StartActivity("predict"), model, rows);

    /// <summary>
    /// Scores the rows of a request. It has one model, so its own span tells of it: another inside would cost as much again, and the time in the
    /// model is a metric.
    /// </summary>
    public static Predictions Score(ModelLease lease, ColumnBatch batch)
    {
        var span = Describe(Activity.Current, lease.Manifest, batch.Rows);
        if (span is null && !PredictionMetrics.Shared.Enabled)
        {
            return lease.Session.Score(batch);
        }

        var started = Stopwatch.GetTimestamp();
        try
        {
            var scored = lease.Session.Score(batch);
            PredictionMetrics.Shared.Scored(lease.Manifest, scored, Stopwatch.GetElapsedTime(started), PredictionSource.Http);
            return scored;
        }
        catch (Exception failed)
        {
            span.Fail(failed);
            var (model, error) = (lease.Manifest, failed.GetType().FullName!);
            PredictionMetrics.Shared.Failed(model.Name, model.Version, batch.Rows, error, PredictionSource.Http);
            throw;
        }
    }

    private static Activity? Describe(Activity? span, ModelManifest model, int rows) =>
        span is { IsAllDataRequested: true }
            ? span.AddTag("model", model.Name).AddTag("version", model.Version).AddTag("run", model.RunId).AddTag("rows", rows)
            : span;
}
