using System.Globalization;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Onnx;

/// <summary>
/// Holds the graph, as serving runs it, against the trainer's own library: every probability within the model's <see cref="AgreementBound"/>, every
/// value within Bound x max(Scale, |value|), and no row with another class (unless two classes are as probable as each other within the bound).
/// </summary>
internal sealed class AgreementCheck(ITrainedModel model, FeatureSet features, OnnxModel onnx) : IAnswerCheck
{
    /// <summary>Rows that go through the trainer's library at once.</summary>
    private const int Slice = 8192;

    private readonly AgreementBound bound = model.Agreement;
    private readonly double[] binary = new double[2];
    private long rows;
    private double largest;

    public AgreementProof Proof => new(rows, largest, bound.Bound);

    /// <param name="batch">The first columns are the features, in order.</param>
    /// <param name="kind">What the rows are, for the error.</param>
    /// <exception cref="JobFailedException">They disagree; the message has the row.</exception>
    public void Compare(ColumnBatch batch, string kind)
    {
        var graph = onnx.Score(batch);
        for (var start = 0; start < batch.Rows; start += Slice)
        {
            var count = Math.Min(Slice, batch.Rows - start);
            var native = model.Predict(features.Matrix(batch, start, count), count);
            for (var row = 0; row < count; row++)
            {
                if (Difference(graph, start + row, native, row) is { } wrong)
                {
                    throw Disagreement(batch, start + row, kind, wrong);
                }
            }
        }

        rows += batch.Rows;
    }

    /// <returns>What is wrong with the row; null when it agrees.</returns>
    private string? Difference(Predictions graph, int row, double[] native, int nativeRow)
    {
        if (onnx.Signature.Task == PredictionTask.Regression)
        {
            var (expected, found) = (native[nativeRow], graph.Values![row]);
            return Within(Math.Abs(found - expected) / Math.Max(bound.Scale, Math.Abs(expected)))
                ? null
                : $"the trainer answers {Text(expected)}, the graph {Text(found)}";
        }

        var width = onnx.Signature.Classes.Count;
        var probabilities = graph.Probabilities.AsSpan(row * width, width);
        ReadOnlySpan<double> truth;
        if (width == 2)
        {
            (binary[0], binary[1]) = (1 - native[nativeRow], native[nativeRow]);
            truth = binary;
        }
        else
        {
            truth = native.AsSpan(nativeRow * width, width);
        }

        var best = 0;
        for (var i = 0; i < width; i++)
        {
            if (!Within(Math.Abs(probabilities[i] - truth[i])))
            {
                var name = onnx.Signature.Classes[i];
                return $"class '{name}' has probability {Text(truth[i])} of the trainer and {Text(probabilities[i])} of the graph";
            }

            best = truth[i] > truth[best] ? i : best;
        }

        var label = graph.Labels![row];
        return truth[best] - truth[label] <= bound.Bound
            ? null
            : $"the trainer answers '{onnx.Signature.Classes[best]}', the graph '{onnx.Signature.Classes[label]}'";
    }

    // Written so that NaN is outside.
    private bool Within(double difference)
    {
        largest = Math.Max(largest, difference);
        return difference <= bound.Bound;
    }

    private JobFailedException Disagreement(ColumnBatch batch, int row, string kind, string wrong)
    {
        var values = batch.Columns.Take(features.Count).Select(column => $"{column.Name}={Value(column, row)}");
        return new JobFailedException(
            $"The exported graph disagrees with its trainer on {kind} {row + 1}: {wrong}; expected within {bound.Bound:R}. The model is not "
                + $"used. The row: {string.Join(", ", values.Take(100))}. Please report this with the job's log.",
            userError: false
        );
    }

    private static string Value(ColumnValues column, int row) => column.Texts is { } texts ? $"'{texts[row]}'" : Text(column.Numbers![row]);

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
