using System.Diagnostics;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Spans of predictions, and requests as a whole; the numbers are <see cref="PredictionMetrics"/>.</summary>
internal static class ServingMetrics
{
    /// <summary>The span of rows that a model scores at once; null while nobody listens.</summary>
    public static Activity? Predict(ModelManifest model, int rows)
    {
        var span = Signals.Spans.StartActivity("predict");
        return span?.SetTag("model", model.Name).SetTag("version", model.Version).SetTag("run", model.RunId).SetTag("rows", rows);
    }

    /// <summary>Scores the rows of a request, as a span and in the metrics.</summary>
    public static Predictions Score(ModelLease lease, ColumnBatch batch)
    {
        using var span = Predict(lease.Manifest, batch.Rows);
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
}
