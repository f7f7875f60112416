using System.Diagnostics;
using System.Diagnostics.Metrics;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Telemetry;

/// <summary>What models say of their predictions.</summary>
internal static class ServingMetrics
{
    public const string PredictionsName = "serverless.predictions";
    public const string PredictionsUnit = "{prediction}";
    public const string PredictionsText = "Rows that were scored, by model and version.";

    private static readonly Counter<long> Predictions = Signals.Meter.CreateCounter<long>(
        PredictionsName,
        PredictionsUnit,
        PredictionsText
    );

    private static readonly Counter<long> Classes = Signals.Meter.CreateCounter<long>(
        "serverless.prediction.classes",
        "{prediction}",
        "Rows by the class that was predicted; requests alone."
    );

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "serverless.prediction.duration",
        "s",
        "Time in the model for the rows of one request.",
        advice: Buckets.Milliseconds
    );

    private static readonly Histogram<int> Rows = Signals.Meter.CreateHistogram(
        "serverless.prediction.rows",
        "{row}",
        "Rows of one request.",
        advice: Buckets.Rows
    );

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
        if (span is null && !Predictions.Enabled)
        {
            return lease.Session.Score(batch);
        }

        var (model, version) = (lease.Manifest.Name, lease.Manifest.Version);
        var started = Stopwatch.GetTimestamp();
        try
        {
            var scored = lease.Session.Score(batch);
            Count(new TagList { { "model", model }, { "version", version } }, scored, lease.Session.Signature, started);
            return scored;
        }
        catch (Exception failed)
        {
            span.Fail(failed);
            throw;
        }
    }

    private static void Count(TagList tags, Predictions scored, ModelSignature signature, long started)
    {
        Duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds, tags);
        Rows.Record(scored.Rows, tags);
        if (Classes.Enabled && scored.Labels is { } labels)
        {
            var counts = new int[signature.Classes.Count];
            foreach (var label in labels)
            {
                counts[label]++;
            }

            for (var i = 0; i < counts.Length; i++)
            {
                if (counts[i] > 0)
                {
                    var byClass = tags;
                    byClass.Add("class", signature.Classes[i].ToString());
                    Classes.Add(counts[i], byClass);
                }
            }
        }

        tags.Add("source", "http");
        Predictions.Add(scored.Rows, tags);
    }
}
