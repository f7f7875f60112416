using System.Runtime.InteropServices;
using Serverless.GpuWorker.Trainers.Torch.Encoders;
using Serverless.Pipeline.Definitions;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Serverless.GpuWorker.Trainers.Torch.Fitting;

/// <summary>What is made small: log-loss of classes, squared error of the standardised target.</summary>
internal sealed class Loss(PredictionTask task, TargetScale target)
{
    /// <param name="scores">Float [rows, scores].</param>
    /// <param name="labels">Of <see cref="Labels"/>.</param>
    /// <param name="weights">Float [rows], 1 on average; null: all weigh the same.</param>
    /// <returns>A scalar.</returns>
    public Tensor Of(Tensor scores, Tensor labels, Tensor? weights)
    {
        var each = task switch
        {
            PredictionTask.Binary => F.binary_cross_entropy_with_logits(scores.flatten(), labels, reduction: nn.Reduction.None),
            PredictionTask.Multiclass => F.cross_entropy(scores, labels, reduction: nn.Reduction.None),
            _ => F.mse_loss(scores.flatten(), labels, nn.Reduction.None),
        };
        return (weights is null ? each : each * weights).mean();
    }

    /// <summary>The labels of some rows as this loss wants them: int64 classes, or floats.</summary>
    public Tensor Labels(RowTable table, ReadOnlySpan<int> rows)
    {
        if (task == PredictionTask.Multiclass)
        {
            var classes = new long[rows.Length];
            for (var i = 0; i < rows.Length; i++)
            {
                classes[i] = (long)table.Label(rows[i]);
            }

            return tensor(classes);
        }

        var values = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = (float)((table.Label(rows[i]) - target.Mean) / target.Deviation);
        }

        return tensor(values);
    }

    public static Tensor? Weights(RowTable table, ReadOnlySpan<int> rows)
    {
        if (!table.Weighted)
        {
            return null;
        }

        var values = new float[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            values[i] = table.Weight(rows[i]);
        }

        return tensor(values);
    }

    /// <summary>The loss of one row in double: the natural one of the class, or the squared error in the target's unit.</summary>
    public double Of(ReadOnlySpan<float> scores, float label)
    {
        if (task == PredictionTask.Regression)
        {
            var error = target.Mean + target.Deviation * scores[0] - label;
            return error * error;
        }

        if (task == PredictionTask.Binary)
        {
            // log(1 + exp(-z)) without overflow, z towards the label.
            double z = label > 0 ? scores[0] : -scores[0];
            return Math.Max(-z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z)));
        }

        double largest = float.NegativeInfinity;
        foreach (var score in scores)
        {
            largest = Math.Max(largest, score);
        }

        var sum = 0d;
        foreach (var score in scores)
        {
            sum += Math.Exp(score - largest);
        }

        return largest + Math.Log(sum) - scores[(int)label];
    }

    /// <summary>From the mean of rows to what is shown: RMSE is the root.</summary>
    public double Shown(double mean) => task == PredictionTask.Regression ? Math.Sqrt(mean) : mean;

    /// <summary>From the mean of <see cref="Of(Tensor, Tensor, Tensor?)"/> to what is shown.</summary>
    public double ShownOfTraining(double mean) => task == PredictionTask.Regression ? Math.Sqrt(mean) * target.Deviation : mean;

    public static ReadOnlySpan<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
