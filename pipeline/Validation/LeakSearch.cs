using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Validation;

/// <summary>
/// Finds single columns that give the target away: on sampled rows, by the area under the curve (binary), by a mapping from values to classes
/// (binary, multiclass) or by correlation (regression).
/// </summary>
internal sealed class LeakSearch
{
    /// <summary>Values a column may have to be looked at as categories; more, and chance alone maps them to classes.</summary>
    private const int MaxCategories = 100;

    /// <summary>A flag or a reason has few values; of many, one or the other belongs to a class by nature.</summary>
    private const int MaxFlagValues = 5;

    private const int LeastRows = 50;

    private readonly DataDefinition data;
    private readonly IngestionOptions options;
    private readonly int[] classes;
    private readonly double[] numbers;
    private readonly int classCount;
    private readonly string[] labels;

    /// <param name="target">Sampled values of the target.</param>
    /// <param name="rows">How many.</param>
    /// <param name="data">Task and ignored columns.</param>
    /// <param name="options">Thresholds.</param>
    public LeakSearch(ColumnValues target, int rows, DataDefinition data, IngestionOptions options)
    {
        (this.data, this.options) = (data, options);
        numbers = target.Numbers is { } all ? all[..rows] : [];
        var keys = data.Task == PredictionTask.Regression ? [] : Enumerable.Range(0, rows).Select(row => Key(target, row)).ToArray();
        var known = keys.Where(key => key.Length > 0)
            .GroupBy(key => key)
            .OrderBy(group => group.Count())
            .Select(group => group.Key)
            .ToList();
        labels = [.. known];
        var codes = known.Index().ToDictionary(pair => pair.Item, pair => pair.Index);
        classes = [.. keys.Select(key => key.Length > 0 ? codes[key] : -1)];
        classCount = known.Count;
    }

    public DataProblem? Check(ColumnSchema column, ColumnValues values, int rows)
    {
        if (column.Name == data.Target || data.Ignore.Contains(column.Name) || rows < LeastRows)
        {
            return null;
        }

        var found =
            data.Task == PredictionTask.Regression ? Correlation(values, rows)
            : classCount is < 2 or > 1_000 ? null
            : Mapping(values, rows)
                ?? (data.Task == PredictionTask.Binary && values.Numbers is not null ? Auc(values.Numbers.AsSpan(0, rows)) : null);
        return found is null
            ? null
            : DataProblems.Warning(
                "leaking-column",
                found,
                "columns that are known before the target is",
                "If it is written down after the fact, or says the same in other words, add it to data.ignore: a model that learns it fails in production.",
                column.Name
            );
    }

    private string? Correlation(ColumnValues values, int rows)
    {
        if (values.Numbers is not { } x || numbers.Length < rows)
        {
            return null;
        }

        double n = 0,
            mx = 0,
            my = 0,
            xx = 0,
            yy = 0,
            xy = 0;
        for (var i = 0; i < rows; i++)
        {
            if (!double.IsFinite(x[i]) || !double.IsFinite(numbers[i]))
            {
                continue;
            }

            n++;
            var (dx, dy) = (x[i] - mx, numbers[i] - my);
            (mx, my) = (mx + (dx / n), my + (dy / n));
            xx += dx * (x[i] - mx);
            yy += dy * (numbers[i] - my);
            xy += dx * (numbers[i] - my);
        }

        var correlation = xy / Math.Sqrt(xx * yy);
        return n >= LeastRows && Math.Abs(correlation) >= options.LeakCorrelation
            ? $"a correlation of {correlation:0.0000} with the target"
            : null;
    }

    /// <summary>Few values that say the class, all of them or one of them that is not rare.</summary>
    private string? Mapping(ColumnValues values, int rows)
    {
        var counts = new Dictionary<string, int[]>();
        var written = new Dictionary<double, string>();
        for (var row = 0; row < rows; row++)
        {
            var key = values.Numbers is { } all ? Written(all[row]) : values.Texts![row];
            if (key.Length == 0 || classes[row] < 0)
            {
                continue;
            }

            if (!counts.TryGetValue(key, out var perClass))
            {
                if (counts.Count == MaxCategories)
                {
                    return null;
                }

                counts[key] = perClass = new int[classCount];
            }

            perClass[classes[row]]++;
        }

        var total = counts.Values.Sum(perClass => perClass.Sum());
        if (total < LeastRows || counts.Count < 2)
        {
            return null;
        }

        var right = counts.Values.Sum(perClass => perClass.Max());
        var largest = Enumerable.Range(0, classCount).Max(one => counts.Values.Sum(perClass => perClass[one]));
        var shown = counts.Values.Select(perClass => Array.IndexOf(perClass, perClass.Max())).Distinct().Count() == classCount;
        if (shown && total > largest && right - largest >= 0.99 * (total - largest))
        {
            return $"values that say the class of {(double)right / total:P2} of the rows ({counts.Count} values for {classCount} classes)";
        }

        return data.Task == PredictionTask.Binary && counts.Count <= MaxFlagValues ? Flag(counts, total) : null;

        // A number is written as text once, not in every row.
        string Written(double number) =>
            written.TryGetValue(number, out var text) ? text : written[number] = double.IsNaN(number) ? "" : number.ToString("R");
    }

    /// <summary>A flag that is raised for one class alone: a failure mode beside the failure, a reason beside the churn.</summary>
    private string? Flag(Dictionary<string, int[]> counts, int total)
    {
        foreach (var (value, perClass) in counts.OrderByDescending(pair => pair.Value.Sum()))
        {
            var most = Array.IndexOf(perClass, perClass.Max());
            var baseShare = (double)counts.Values.Sum(one => one[most]) / total;
            if (baseShare < 0.5 && perClass.Sum() >= 20 && perClass[most] >= 0.98 * perClass.Sum())
            {
                return $"value '{DataProblems.Short(value)}', which stands in {perClass.Sum():N0} rows, {perClass[most]:N0} of them of class '{labels[most]}' "
                    + $"(of all rows {baseShare:P1} are)";
            }
        }

        return null;
    }

    /// <summary>The area under the curve of the values as they are, high or low; ties count half.</summary>
    private string? Auc(ReadOnlySpan<double> values)
    {
        var (sorted, labelled, count) = (new double[values.Length], new int[values.Length], 0);
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsFinite(values[i]) && classes[i] >= 0)
            {
                (sorted[count], labelled[count++]) = (values[i], classes[i]);
            }
        }

        Array.Sort(sorted, labelled, 0, count);
        double below = 0,
            above = 0,
            sum = 0;
        for (int i = 0, j; i < count; i = j)
        {
            double zeros = 0,
                ones = 0;
            for (j = i; j < count && sorted[j] == sorted[i]; j++)
            {
                _ = labelled[j] == 0 ? zeros++ : ones++;
            }

            sum += zeros * (below + (ones / 2));
            (below, above) = (below + ones, above + zeros);
        }

        var area = sum / (below * above);
        area = Math.Max(area, 1 - area);
        return count >= LeastRows && area >= options.LeakAuc ? $"an area under the curve of {area:0.0000} from this column alone" : null;
    }

    private static string Key(ColumnValues values, int row) =>
        values.Texts is { } texts ? texts[row]
        : double.IsNaN(values.Numbers![row]) ? ""
        : values.Numbers[row].ToString("R");
}
