using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Monitoring;

/// <summary>The one number of a prediction that is watched.</summary>
internal static class ScoreBins
{
    /// <summary>Probability of the positive class (binary), index of the class (multiclass), value (regression).</summary>
    public static double Of(ModelSignature signature, Predictions predictions, int row) =>
        signature.Task switch
        {
            PredictionTask.Regression => predictions.Values![row],
            PredictionTask.Binary => predictions.Probabilities![(row * 2) + 1],
            _ => predictions.Labels![row],
        };

    /// <summary>A bin for each class.</summary>
    public static double[] ClassEdges(int classes) => [.. Enumerable.Range(0, classes - 1).Select(index => (double)index)];
}
