using System.Diagnostics;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>Collects what a batch gives; its results name the batch's span, if there is one.</summary>
internal sealed class BatchResults(EventBatch batch, Activity? span, StreamMetrics metrics, TimeProvider time)
{
    private readonly List<string> predictions = new(batch.Events.Count);
    private readonly List<string> alerts = [];
    private readonly List<DeadLetter> letters = [];

    /// <summary>In the order of the partition.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters
    {
        get
        {
            letters.Sort((a, b) => a.Event.SequenceNumber.CompareTo(b.Event.SequenceNumber));
            return letters;
        }
    }

    public void SetAside(in StreamEvent streamed, string? model, string reason, string detail) =>
        letters.Add(new DeadLetter(streamed, model, reason, detail));

    /// <summary>Row 0 of <paramref name="scored"/> is row <paramref name="first"/> of the group. Adds all of them or, when it throws, none.</summary>
    public void Add(ModelGroup group, Predictions scored, int first)
    {
        var (results, alerted) = (predictions.Count, alerts.Count);
        try
        {
            Write(group, scored, first);
        }
        catch
        {
            predictions.RemoveRange(results, predictions.Count - results);
            alerts.RemoveRange(alerted, alerts.Count - alerted);
            throw;
        }

        metrics.Alerted(group.Lease.Manifest.Name, alerts.Count - alerted);
    }

    private void Write(ModelGroup group, Predictions scored, int first)
    {
        var manifest = group.Lease.Manifest;
        var now = time.GetUtcNow();
        using var writer = new ResultWriter(batch, group.Lease, scored, span?.Id);
        for (var row = 0; row < scored.Rows; row++)
        {
            var streamed = batch.Events[group.Rows.Events[first + row]];
            var bodyId = group.Rows.BodyIds[first + row];
            predictions.Add(writer.Prediction(row, streamed, bodyId));
            if (manifest.AlertAbove is { } threshold && writer.Score(row) is var score && score > threshold)
            {
                alerts.Add(writer.Alert(streamed, bodyId, score, threshold));
            }

            metrics.Aged(manifest.Name, now - streamed.EnqueuedAt);
        }
    }

    public ScoredBatch Close() => new([.. predictions], [.. alerts], letters.Count);
}
