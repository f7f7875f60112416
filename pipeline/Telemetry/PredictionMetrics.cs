using System.Diagnostics;
using System.Diagnostics.Metrics;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Where the rows of a prediction come from: attribute <c>source</c>.</summary>
internal static class PredictionSource
{
    public const string Http = "http";
    public const string Stream = "stream";
    public const string Batch = "batch";
}

/// <summary>
/// What models say of their predictions, the same for requests, streams and batches. Once for all the rows that a model scores together, so
/// that its cost does not grow with them.
/// </summary>
internal sealed class PredictionMetrics
{
    /// <summary>Of all processes whose meter is the shared one.</summary>
    public static readonly PredictionMetrics Shared = new(Signals.Meter);

    private const int ClassesOnTheStack = 256;

    private readonly Counter<long> predictions;
    private readonly Counter<long> classes;
    private readonly Counter<long> failures;
    private readonly Histogram<double> duration;
    private readonly Histogram<int> rows;

    public PredictionMetrics(Meter meter)
    {
        predictions = meter.CreateCounter<long>(
            "serverless.predictions",
            "{prediction}",
            "Rows that were scored, by model, version and source."
        );
        classes = meter.CreateCounter<long>("serverless.prediction.classes", "{prediction}", "Rows by the class that was predicted.");
        failures = meter.CreateCounter<long>("serverless.prediction.failures", "{prediction}", "Rows without a prediction, by error.type.");
        duration = meter.CreateHistogram(
            "serverless.prediction.duration",
            "s",
            "Time in the model for the rows that it scored together.",
            advice: Buckets.Milliseconds
        );
        rows = meter.CreateHistogram("serverless.prediction.rows", "{row}", "Rows that were scored together.", advice: Buckets.Rows);
    }

    /// <summary>Whether anybody listens.</summary>
    public bool Enabled => predictions.Enabled;

    /// <summary>A model scored rows together.</summary>
    public void Scored(ModelManifest model, Predictions scored, TimeSpan took, string source)
    {
        if (!Enabled)
        {
            return;
        }

        var names = scored.Labels is null ? [] : model.Signature.Classes;
        Span<long> counts = names.Count <= ClassesOnTheStack ? stackalloc long[names.Count] : new long[names.Count];
        foreach (var label in scored.Labels ?? [])
        {
            counts[label]++;
        }

        Scored(model.Name, model.Version, names, counts, scored.Rows, took, source);
    }

    /// <summary>A model scored rows together, and somebody has counted their classes already.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Its version.</param>
    /// <param name="names">The signature's classes; none for regression.</param>
    /// <param name="counts">Rows of each.</param>
    /// <param name="count">Rows.</param>
    /// <param name="took">Time in the model.</param>
    /// <param name="source">See <see cref="PredictionSource"/>.</param>
    public void Scored(
        string model,
        int version,
        IReadOnlyList<string> names,
        ReadOnlySpan<long> counts,
        long count,
        TimeSpan took,
        string source
    )
    {
        if (!Enabled || count == 0)
        {
            return;
        }

        var tags = Tags(model, version, source);
        predictions.Add(count, tags);
        duration.Record(took.TotalSeconds, tags);
        rows.Record((int)Math.Min(count, int.MaxValue), tags);
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                var byClass = tags;
                byClass.Add("class", names[i]);
                classes.Add(counts[i], byClass);
            }
        }
    }

    /// <summary>Rows have no prediction.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Its version.</param>
    /// <param name="count">Rows; none is not counted.</param>
    /// <param name="error">The exception's type, or a word for what is wrong with the rows.</param>
    /// <param name="source">See <see cref="PredictionSource"/>.</param>
    public void Failed(string model, int version, long count, string error, string source)
    {
        if (count > 0 && failures.Enabled)
        {
            var tags = Tags(model, version, source);
            tags.Add("error.type", error);
            failures.Add(count, tags);
        }
    }

    private static TagList Tags(string model, int version, string source) =>
        new()
        {
            { "model", model },
            { "version", version },
            { "source", source },
        };
}
