using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>
/// Nothing but the graph itself knows what the program meant, so its answers are held against what all serving relies on: they are numbers,
/// probabilities add up to 1, and a row's answer does not depend on the rows beside it.
/// </summary>
internal sealed class CommandCheck(OnnxModel onnx) : IAnswerCheck
{
    /// <summary>Of float32 in another order; of a value in parts of max(1, |value|).</summary>
    private const double Bound = 1e-4;

    /// <summary>Rows of a batch that are also asked alone.</summary>
    private const int Alone = 32;

    private readonly int width = onnx.Signature.Task == PredictionTask.Regression ? 1 : onnx.Signature.Classes.Count;
    private long rows;
    private double largest;

    public AgreementProof Proof => new(rows, largest, Bound);

    /// <exception cref="Jobs.JobFailedException">They are not; the message has the row.</exception>
    public void Compare(ColumnBatch batch, string kind)
    {
        var all = Score(batch, kind);
        for (var row = 0; row < batch.Rows; row++)
        {
            Require(all.AsSpan(row * width, width), kind, row);
        }

        for (var row = 0; row < Math.Min(Alone, batch.Rows); row++)
        {
            var one = Score(Row(batch, row), kind);
            for (var value = 0; value < one.Length; value++)
            {
                var together = all[row * width + value];
                var difference = Math.Abs(one[value] - together) / Math.Max(1, Math.Abs(together));
                largest = Math.Max(largest, difference);
                if (difference > Bound)
                {
                    throw CommandGraph.Wrong(
                        $"Its answer to {kind} {row + 1} is {Text(together)} among {batch.Rows} rows and {Text(one[value])} alone; expected the same: a row's "
                            + "answer may not depend on those beside it (batch normalisation in training mode does that)."
                    );
                }
            }
        }

        rows += batch.Rows;
    }

    private double[] Score(ColumnBatch batch, string kind)
    {
        try
        {
            var answer = onnx.Score(batch);
            return onnx.Signature.Task == PredictionTask.Regression ? answer.Values! : answer.Probabilities!;
        }
        catch (OnnxRuntimeException broken)
        {
            throw CommandGraph.Wrong($"It fails on {batch.Rows} {kind}(s): {broken.Message}", broken);
        }
    }

    private void Require(ReadOnlySpan<double> answer, string kind, int row)
    {
        var sum = 0.0;
        foreach (var value in answer)
        {
            if (!double.IsFinite(value))
            {
                throw CommandGraph.Wrong(
                    $"Its answer to {kind} {row + 1} is {Text(value)}; expected a number. Missing values come as NaN and as empty text: what stands for "
                        + "them belongs into the graph."
                );
            }

            sum += value;
        }

        var probabilities = onnx.Signature.Task != PredictionTask.Regression;
        if (probabilities && (Math.Abs(sum - 1) > Bound || answer.ContainsAnyExceptInRange(-Bound, 1 + Bound)))
        {
            throw CommandGraph.Wrong(
                $"Its probabilities for {kind} {row + 1} add up to {Text(sum)}; expected numbers from 0 to 1 that add up to 1 (softmax or sigmoid is "
                    + "part of the graph)."
            );
        }
    }

    private static ColumnBatch Row(ColumnBatch batch, int row) =>
        new(
            1,
            [
                .. batch.Columns.Select(column =>
                    column.Texts is { } texts
                        ? new ColumnValues(column.Name, [texts[row]])
                        : new ColumnValues(column.Name, column.Type, [column.Numbers![row]])
                ),
            ]
        );

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
