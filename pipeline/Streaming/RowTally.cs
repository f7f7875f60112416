using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Streaming;

/// <summary>Sums up rows that are scored one by one, so that they count as those that were scored together.</summary>
internal sealed class RowTally(ModelManifest model)
{
    private readonly long[] classes = new long[model.Signature.Classes.Count];
    private long rows;
    private long failures;
    private string error = "";
    private TimeSpan took;

    public void Add(Predictions scored, TimeSpan inModel)
    {
        rows += scored.Rows;
        took += inModel;
        foreach (var label in scored.Labels ?? [])
        {
            classes[label]++;
        }
    }

    public void Fail(Exception failed)
    {
        failures++;
        error = failed.GetType().FullName!;
    }

    public void Tell(PredictionMetrics metrics)
    {
        metrics.Scored(model.Name, model.Version, model.Signature.Classes, classes, rows, took, PredictionSource.Stream);
        metrics.Failed(model.Name, model.Version, failures, error, PredictionSource.Stream);
    }
}
