using Serverless.GpuWorker.Onnx;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;

namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>Numbers to pieces, missing ones to the median with a sign of their own, categories to places in one table.</summary>
internal sealed class TabularEncoder : IRowEncoder
{
    /// <summary>Of a row: a wide table gets fewer pieces a column, so that the first layer stays a layer.</summary>
    private const int MostPieces = 8192;

    private const int FewestPieces = 4;

    /// <summary>Quantiles of more rows differ by less than a rank in a thousand.</summary>
    private const int SampledRows = 1 << 18;

    private readonly List<(int Feature, NumericPieces Pieces)> numeric = [];
    private readonly List<int> withMissing = [];
    private readonly List<(int Feature, long First)> categorical = [];
    private readonly int features;
    private readonly int pieces;

    private TabularEncoder(FeatureSet set, Func<int, NumericPieces> fit)
    {
        features = set.Count;
        foreach (var (index, feature) in set.Features.Index())
        {
            if (feature.Codes is { } codes)
            {
                categorical.Add((index, TableRows));
                TableRows += codes.Categories.Count + 1;
            }
            else
            {
                numeric.Add((index, fit(index)));
                pieces += numeric[^1].Pieces.Count;
                if (numeric[^1].Pieces.HasMissing)
                {
                    withMissing.Add(index);
                }
            }
        }
    }

    public int Numbers => pieces + withMissing.Count;

    public int Codes => categorical.Count;

    /// <summary>Rows of the table of embeddings: the first of each column stands for missing and unknown.</summary>
    public int TableRows { get; }

    /// <summary>Places in the table that stand for missing and unknown.</summary>
    public IEnumerable<long> UnknownRows => categorical.Select(column => column.First);

    public IReadOnlyList<double[]> Edges
    {
        get
        {
            var edges = new double[features][];
            Array.Fill(edges, []);
            foreach (var (feature, of) in numeric)
            {
                edges[feature] = [.. of.Edges];
            }

            return edges;
        }
    }

    /// <param name="features">Of the model.</param>
    /// <param name="rows">Training rows.</param>
    /// <param name="bins">Most pieces of a number.</param>
    public static TabularEncoder Fit(FeatureSet features, RowTable rows, int bins)
    {
        var numbers = Math.Max(1, features.Count - features.Categorical.Count);
        var most = Math.Min(bins, Math.Max(FewestPieces, MostPieces / numbers));
        var values = new double[Math.Min(rows.Count, SampledRows)];
        return new TabularEncoder(
            features,
            feature =>
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = rows[(int)((long)i * rows.Count / values.Length)][feature];
                }

                return NumericPieces.Fit(values, most);
            }
        );
    }

    public void Encode(ReadOnlySpan<double> row, Span<float> numbers, Span<long> codes, Random? augment)
    {
        var at = 0;
        foreach (var (feature, of) in numeric)
        {
            of.Encode(row[feature], numbers[at..]);
            at += of.Count;
        }

        foreach (var feature in withMissing)
        {
            numbers[at++] = double.IsNaN(row[feature]) ? 1 : 0;
        }

        for (var i = 0; i < categorical.Count; i++)
        {
            codes[i] = categorical[i].First + (long)row[categorical[i].Feature];
        }
    }

    public EncodedOutputs Export(GraphBuilder graph, IReadOnlyList<string> features) =>
        new(Numeric(graph, features), Categorical(graph, features));

    private string? Numeric(GraphBuilder graph, IReadOnlyList<string> features)
    {
        if (numeric.Count == 0)
        {
            return null;
        }

        var axis = GraphBuilder.Attribute("axis", 1);
        var raw = graph.Node("Concat", numeric.Select(column => features[column.Feature]), attributes: axis);
        var missing = graph.Node("IsNaN", [raw]);
        var medians = graph.Constant(GraphBuilder.Doubles([.. numeric.Select(column => column.Pieces.Median)]));
        var known = graph.Node("Where", [missing, medians, raw]);
        var columns = numeric.SelectMany((column, place) => Enumerable.Repeat((long)place, column.Pieces.Count));
        var spread = graph.Node("Gather", [known, Constant(graph, columns)], attributes: axis);
        var lower = graph.Constant(GraphBuilder.Doubles([.. numeric.SelectMany(column => column.Pieces.Lower.ToArray())]));
        var widths = graph.Constant(GraphBuilder.Doubles([.. numeric.SelectMany(column => column.Pieces.Widths)]));
        var places = graph.Node("Div", [graph.Node("Sub", [spread, lower]), widths]);
        var (zero, one) = (Scalar(graph, 0), Scalar(graph, 1));
        var encoded = ToFloat(graph, graph.Node("Clip", [places, zero, one]));
        if (withMissing.Count == 0)
        {
            return encoded;
        }

        var indices = withMissing.Select(feature => (long)numeric.FindIndex(column => column.Feature == feature));
        var signs = ToFloat(graph, graph.Node("Gather", [missing, Constant(graph, indices)], attributes: axis));
        return graph.Node("Concat", [encoded, signs], attributes: axis);
    }

    private string? Categorical(GraphBuilder graph, IReadOnlyList<string> features)
    {
        if (categorical.Count == 0)
        {
            return null;
        }

        var codes = graph.Node(
            "Concat",
            categorical.Select(column => features[column.Feature]),
            attributes: GraphBuilder.Attribute("axis", 1)
        );
        var first = Constant(graph, categorical.Select(column => column.First));
        var whole = graph.Node("Cast", [codes], attributes: GraphBuilder.Attribute("to", (long)DataType.Int64));
        return graph.Node("Add", [whole, first]);
    }

    private static string ToFloat(GraphBuilder graph, string input) =>
        graph.Node("Cast", [input], attributes: GraphBuilder.Attribute("to", (long)DataType.Float));

    private static string Constant(GraphBuilder graph, IEnumerable<long> values) =>
        graph.Constant(GraphBuilder.Tensor<long>(DataType.Int64, [.. values]));

    private static string Scalar(GraphBuilder graph, double value)
    {
        var tensor = GraphBuilder.Doubles([value]);
        tensor.Dims.Clear();
        return graph.Constant(tensor);
    }
}
