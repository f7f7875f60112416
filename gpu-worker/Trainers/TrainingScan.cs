using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers;

/// <summary>The training rows as they come; see <see cref="TrainingDataReader"/>.</summary>
internal sealed class TrainingScan(IReadOnlyList<ColumnSchema> columns, PredictionTask task, RowPart part)
{
    private readonly ColumnScan[] scans = [.. columns.Select(column => new ColumnScan(column))];
    private readonly TrainingRows rows = new(columns.Count);
    private readonly TrainingRows sample = new(columns.Count);
    private long seen;
    private int sampled;
    private readonly Dictionary<string, int> classCodes = new(StringComparer.Ordinal);
    private readonly Dictionary<double, int> classNumbers = [];
    private readonly List<string> classNames = [];
    private readonly List<long> classCounts = [];

    /// <summary>Rows without a target are left out.</summary>
    public void Add(ColumnBatch batch, ColumnValues target)
    {
        var first = seen;
        var kept = new int[batch.Rows];
        var count = 0;
        for (var row = 0; row < batch.Rows; row++)
        {
            if (Label(target, row) is { } label)
            {
                if (part.Keeps(seen))
                {
                    rows.Labels.Add(label);
                }

                seen++;
                kept[count++] = row;
            }
        }

        var values = new double[count * columns.Count];
        for (var column = 0; column < columns.Count; column++)
        {
            scans[column].Fill(batch.Columns[column], kept.AsSpan(0, count), values, column, columns.Count);
        }

        if (part == RowPart.All)
        {
            rows.Add(new RowBlock(values, count));
            return;
        }

        var own = Enumerable.Range(0, count).Where(row => part.Keeps(first + row)).ToArray();
        rows.Add(Copy(values, own));
        var drawn = new List<int>();
        for (; sampled < part.Sample.Count && part.Sample[sampled] < seen; sampled++)
        {
            drawn.Add((int)(part.Sample[sampled] - first));
        }

        sample.Add(Copy(values, drawn));
    }

    private RowBlock Copy(double[] values, IReadOnlyList<int> chosen)
    {
        var copy = new double[chosen.Count * columns.Count];
        for (var i = 0; i < chosen.Count; i++)
        {
            values.AsSpan(chosen[i] * columns.Count, columns.Count).CopyTo(copy.AsSpan(i * columns.Count));
        }

        return new RowBlock(copy, chosen.Count);
    }

    /// <summary>What is known once all rows were seen.</summary>
    public SettledRows Settle(int maxCategories, bool allColumns)
    {
        var dropped = new Dictionary<string, string>();
        var features = new List<Feature>();
        var kept = new List<int>();
        var final = new List<int[]?>();
        for (var column = 0; column < columns.Count; column++)
        {
            if (!allColumns && scans[column].WhyConstant() is { } why)
            {
                dropped[columns[column].Name] = why;
                continue;
            }

            var settled = scans[column].Settle(maxCategories);
            features.Add(new Feature(columns[column], settled?.Codes));
            final.Add(settled?.Final);
            kept.Add(column);
        }

        return new SettledRows
        {
            Features = new FeatureSet(features),
            Rows = Compact(rows, kept, final),
            Sample = Compact(sample, kept, final),
            Seen = seen,
            Dropped = dropped,
            ClassNames = classNames,
            ClassCounts = classNames.Index().ToDictionary(c => c.Item, c => classCounts[c.Index]),
        };
    }

    /// <summary>Leaves the constant columns out and puts the final category codes in, in place.</summary>
    private TrainingRows Compact(TrainingRows scanned, List<int> kept, List<int[]?> final)
    {
        var compact = new TrainingRows(kept.Count);
        compact.Labels.AddRange(scanned.Labels);
        foreach (var block in scanned.Blocks)
        {
            var values = block.Values;
            if (kept.Count < columns.Count || final.Exists(codes => codes is not null))
            {
                for (var row = 0; row < block.Rows; row++)
                {
                    var from = values.AsSpan(row * columns.Count, columns.Count);
                    for (var column = 0; column < kept.Count; column++)
                    {
                        var value = from[kept[column]];
                        values[row * kept.Count + column] = final[column] is { } codes ? codes[(int)value] : value;
                    }
                }
            }

            compact.Add(block);
        }

        return compact;
    }

    /// <summary>The value, or the preliminary number of the class.</summary>
    private float? Label(ColumnValues target, int row)
    {
        if (task == PredictionTask.Regression)
        {
            return target.Numbers![row] is var value && double.IsFinite(value) ? (float)value : null;
        }

        var code = target.Texts is { } texts ? Code(texts[row]) : Code(target, row);
        if (code >= 0)
        {
            classCounts[code]++;
        }

        return code >= 0 ? code : null;
    }

    private int Code(ColumnValues target, int row)
    {
        var number = target.Numbers![row];
        if (!classNumbers.TryGetValue(number, out var code))
        {
            classNumbers[number] = code = Code(ClassLabel.Of(target, row) ?? "");
        }

        return code;
    }

    private int Code(string text)
    {
        if (text.Length == 0)
        {
            return -1;
        }

        if (!classCodes.TryGetValue(text, out var code))
        {
            classCodes[text] = code = classNames.Count;
            classNames.Add(text);
            classCounts.Add(0);
        }

        return code;
    }
}

/// <summary>The training rows, ready.</summary>
internal sealed record SettledRows
{
    public required FeatureSet Features { get; init; }

    public required TrainingRows Rows { get; init; }

    /// <summary>Copies of the rows that the part names, without labels.</summary>
    public required TrainingRows Sample { get; init; }

    /// <summary>Rows with a target, whoever keeps them.</summary>
    public required long Seen { get; init; }

    public required IReadOnlyDictionary<string, string> Dropped { get; init; }

    /// <summary>In the order of first appearance: what the labels count until <see cref="Label"/>.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    public required IReadOnlyDictionary<string, long> ClassCounts { get; init; }

    /// <summary>Puts the index of the class in the model's order in the place of the preliminary number.</summary>
    public void Label(ClassLabels labels)
    {
        if (ClassNames.Count == 0)
        {
            return;
        }

        var final = ClassNames.Select(name => labels.Of(name)!.Value).ToArray();
        for (var row = 0; row < Rows.Labels.Count; row++)
        {
            Rows.Labels[row] = final[(int)Rows.Labels[row]];
        }
    }
}
