using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// Makes a <see cref="ReferenceProfile"/> of rows and predictions that come batch by batch. It keeps a uniform sample of them (reservoir,
/// Vitter's algorithm R), so memory does not grow with the rows.
/// </summary>
/// <param name="signature">Of the model that predicts.</param>
/// <param name="seed">Of the sample: the same rows give the same profile.</param>
public sealed class ReferenceBuilder(ModelSignature signature, int seed)
{
    private const int MaxRows = 10_000;
    private const int MinRows = 500;

    /// <summary>Values kept of all columns, about 64 MB.</summary>
    private const int MaxValues = 8 << 20;

    private readonly int capacity = Math.Clamp(MaxValues / (signature.Inputs.Count + 1), MinRows, MaxRows);
    private readonly Random random = new(seed);
    private readonly List<double>?[] numbers =
    [
        .. signature.Inputs.Select(input => input.Type == ColumnType.Text ? null : new List<double>()),
    ];
    private readonly List<string>?[] texts =
    [
        .. signature.Inputs.Select(input => input.Type == ColumnType.Text ? new List<string>() : null),
    ];
    private readonly List<double> scores = [];
    private long seen;

    /// <exception cref="ArgumentException">The batch lacks a column that the model takes.</exception>
    public void Add(ColumnBatch batch, Predictions predictions)
    {
        var columns = signature
            .Inputs.Select(input => batch.Find(input.Name) ?? throw new ArgumentException($"The batch has no column '{input.Name}'."))
            .ToArray();
        for (var row = 0; row < batch.Rows; row++)
        {
            var slot = seen++ < capacity ? seen - 1 : random.NextInt64(seen);
            if (slot >= capacity)
            {
                continue;
            }

            for (var i = 0; i < columns.Length; i++)
            {
                if (numbers[i] is { } column)
                {
                    Put(column, (int)slot, columns[i].Numbers![row]);
                }
                else
                {
                    Put(texts[i]!, (int)slot, columns[i].Texts![row] ?? "");
                }
            }

            Put(scores, (int)slot, ScoreBins.Of(signature, predictions, row));
        }
    }

    public ReferenceProfile Build() =>
        new()
        {
            Rows = scores.Count,
            Columns =
            [
                .. signature.Inputs.Select(
                    (input, i) => numbers[i] is { } column ? Numeric(input.Name, column) : Text(input.Name, texts[i]!)
                ),
            ],
            Prediction =
                signature.Task == PredictionTask.Multiclass
                    ? Counted(ColumnBins.PredictionName, ScoreBins.ClassEdges(signature.Classes.Count), scores)
                    : Numeric(ColumnBins.PredictionName, scores),
        };

    private static void Put<T>(List<T> column, int slot, T value)
    {
        if (slot == column.Count)
        {
            column.Add(value);
        }
        else
        {
            column[slot] = value;
        }
    }

    private static ColumnBins Numeric(string name, List<double> values) => Counted(name, BinEdges.Quantiles([.. values]), values);

    private static ColumnBins Counted(string name, double[] edges, List<double> values)
    {
        var lookup = new BinLookup(edges, categories: null);
        var counts = new long[lookup.Bins];
        foreach (var value in values)
        {
            counts[lookup.Of(value)]++;
        }

        return new ColumnBins
        {
            Name = name,
            Edges = edges,
            Counts = counts,
        };
    }

    private static ColumnBins Text(string name, List<string> values)
    {
        var categories = BinEdges.Categories(values);
        var lookup = new BinLookup(edges: null, categories);
        var counts = new long[lookup.Bins];
        foreach (var value in values)
        {
            counts[lookup.Of(value)]++;
        }

        return new ColumnBins
        {
            Name = name,
            Categories = categories,
            Counts = counts,
        };
    }
}
