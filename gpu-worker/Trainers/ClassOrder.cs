using System.Globalization;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers;

/// <summary>In which order a model's classes stand.</summary>
internal static class ClassOrder
{
    private static readonly string[] PositiveWords = ["1", "true", "yes"];

    /// <summary>
    /// Binary: [negative, positive], the positive class as defined, or the one called 1, true or yes, or the rarer one. More classes: numbers
    /// by value, texts by their characters.
    /// </summary>
    /// <param name="counts">Training rows of each class.</param>
    /// <param name="data">Task and positive class.</param>
    /// <exception cref="JobFailedException">The rows do not fit the task.</exception>
    public static IReadOnlyList<string> Of(IReadOnlyDictionary<string, long> counts, DataDefinition data)
    {
        var classes = Sorted(counts.Keys);
        if (data.Task == PredictionTask.Multiclass)
        {
            return classes.Count >= 2
                ? classes
                : throw Misfit(data, counts, "at least 2 classes", "Check the target and the split, or add rows of the other classes.");
        }

        if (classes.Count != 2)
        {
            var advice = classes.Count > 2 ? "Set task: multiclass, or name another target." : "Add rows of the other class.";
            throw Misfit(data, counts, "exactly 2 classes for task binary", advice);
        }

        var positive = Positive(classes, counts, data);
        return [classes[0] == positive ? classes[1] : classes[0], positive];
    }

    private static string Positive(IReadOnlyList<string> classes, IReadOnlyDictionary<string, long> counts, DataDefinition data)
    {
        if (data.Positive is { } named)
        {
            return classes.Contains(named)
                ? named
                : throw Misfit(data, counts, $"the positive class '{named}' among them", "Correct data.positive.");
        }

        var byName = classes.Where(name => PositiveWords.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        return byName.Count == 1 ? byName[0]
            : counts[classes[0]] < counts[classes[1]] ? classes[0]
            : classes[1];
    }

    private static List<string> Sorted(IEnumerable<string> names)
    {
        var list = names.ToList();
        var numbers = list.All(name => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
        return numbers
            ? [.. list.OrderBy(name => double.Parse(name, CultureInfo.InvariantCulture)).ThenBy(name => name, StringComparer.Ordinal)]
            : [.. list.Order(StringComparer.Ordinal)];
    }

    private static JobFailedException Misfit(DataDefinition data, IReadOnlyDictionary<string, long> counts, string expected, string advice)
    {
        var shown = string.Join(", ", Sorted(counts.Keys).Take(10).Select(name => $"'{name}' ({counts[name]:N0} rows)"));
        var found = counts.Count == 0 ? "no value at all" : $"{counts.Count:N0} classes: {shown}{(counts.Count > 10 ? ", ..." : "")}";
        return new JobFailedException(
            $"Target '{data.Target}' has {found} in the training rows; expected {expected}. {advice}",
            userError: true
        );
    }
}
