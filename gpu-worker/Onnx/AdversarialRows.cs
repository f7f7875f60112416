using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Datasets;

namespace Serverless.GpuWorker.Onnx;

/// <summary>
/// Rows at which an export errs first: real rows with one or a few values replaced by a threshold of the model, its neighbours one step up and
/// down (as double and as float), not-a-number, infinities, zeros, denormals, unseen and empty categories.
/// </summary>
internal sealed class AdversarialRows
{
    /// <summary>Rows in which more than one value is replaced: every fourth.</summary>
    private const int ManyEvery = 4;

    private const int ReplacedAtMost = 4;

    private static readonly double[] SpecialNumbers =
    [
        double.NaN,
        double.PositiveInfinity,
        double.NegativeInfinity,
        0.0,
        -0.0,
        double.Epsilon,
        -double.Epsilon,
        float.Epsilon,
        -float.Epsilon,
        1e-35f,
        -1e-35f,
        1e-35,
        -1e-35,
        1e300,
        -1e300,
        double.MaxValue,
        double.MinValue,
        1,
        -1,
    ];

    private static readonly string[] SpecialTexts = ["", " ", "?", "NaN", "\u0000unseen", "Größe 未知", "unseen by any training row"];

    private readonly FeatureSet features;
    private readonly List<(int Feature, double Number)> numbers = [];
    private readonly List<(int Feature, string Text)> texts = [];
    private readonly Random random;

    /// <param name="features">The model's features.</param>
    /// <param name="edges">Thresholds of each feature.</param>
    /// <param name="seed">Of the draw.</param>
    public AdversarialRows(FeatureSet features, IReadOnlyList<double[]> edges, int seed)
    {
        this.features = features;
        random = new Random(seed);
        for (var i = 0; i < features.Count; i++)
        {
            if (features.Features[i].Codes is { } codes)
            {
                texts.AddRange(SpecialTexts.Concat(codes.Categories).Select(text => (i, text)));
            }
            else
            {
                numbers.AddRange(SpecialNumbers.Concat(edges[i].SelectMany(Around)).Select(number => (i, number)));
            }
        }
    }

    /// <summary>At most so many rows: every replacement once where they fit, else a draw of them.</summary>
    /// <param name="real">Rows to start from.</param>
    /// <param name="most">How many rows to make.</param>
    public ColumnBatch From(ColumnBatch real, int most)
    {
        var order = Enumerable.Range(0, numbers.Count + texts.Count).ToArray();
        random.Shuffle(order);
        var rows = Math.Min(most, order.Length);
        var columns = features.Features.Select((feature, index) => Copy(feature, real.Columns[index], rows)).ToArray();
        for (var row = 0; row < rows; row++)
        {
            var from = random.Next(real.Rows);
            for (var column = 0; column < columns.Length; column++)
            {
                Take(columns[column], row, real.Columns[column], from);
            }

            Replace(columns, row, order[row]);
            for (var more = row % ManyEvery == 0 ? random.Next(ReplacedAtMost) : 0; more > 0; more--)
            {
                Replace(columns, row, random.Next(order.Length));
            }
        }

        return new ColumnBatch(rows, columns);
    }

    private void Replace(ColumnValues[] columns, int row, int choice)
    {
        if (choice < numbers.Count)
        {
            columns[numbers[choice].Feature].Numbers![row] = numbers[choice].Number;
        }
        else
        {
            var (feature, text) = texts[choice - numbers.Count];
            columns[feature].Texts![row] = text;
        }
    }

    private static IEnumerable<double> Around(double edge)
    {
        var single = (float)edge;
        return [edge, Math.BitIncrement(edge), Math.BitDecrement(edge), single, MathF.BitIncrement(single), MathF.BitDecrement(single)];
    }

    private static ColumnValues Copy(Feature feature, ColumnValues like, int rows) =>
        feature.Codes is null
            ? new ColumnValues(feature.Column.Name, like.Type, new double[rows])
            : new ColumnValues(feature.Column.Name, new string[rows]);

    private static void Take(ColumnValues to, int row, ColumnValues source, int from)
    {
        if (to.Texts is { } texts)
        {
            texts[row] = source.Texts![from];
        }
        else
        {
            to.Numbers![row] = source.Numbers![from];
        }
    }
}
