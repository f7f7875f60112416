using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>What a trainer learns: the index of the class, or the value.</summary>
internal sealed class ClassLabels(IReadOnlyList<string> classes, PredictionTask task)
{
    private readonly Dictionary<string, float> index = classes.Index().ToDictionary(c => c.Item, c => (float)c.Index);
    private readonly Dictionary<double, float?> byNumber = [];

    /// <returns>Null where there is no value, or a class that the training rows do not have.</returns>
    public float? Of(ColumnValues target, int row)
    {
        if (task == PredictionTask.Regression)
        {
            return target.Numbers![row] is var value && double.IsFinite(value) ? (float)value : null;
        }

        if (target.Texts is { } texts)
        {
            return Of(texts[row]);
        }

        var number = target.Numbers![row];
        if (!byNumber.TryGetValue(number, out var label))
        {
            byNumber[number] = label = ClassLabel.Of(target, row) is { } text ? Of(text) : null;
        }

        return label;
    }

    public float? Of(string text) => index.TryGetValue(text, out var label) ? label : null;
}
