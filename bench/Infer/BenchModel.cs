using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;
using Serverless.Testing.Serving;
using static Serverless.Testing.Serving.OnnxWriter;

namespace Serverless.Bench.Infer;

/// <summary>
/// A model of the size and shape of a real one without training it: 200 trees of 32 leaves over one text and five numbers, in doubles,
/// with the operators that the exporter uses. Its answers mean nothing; their cost does.
/// </summary>
internal static class BenchModel
{
    private const int Trees = 200;
    private const int Inner = 31;
    private const int Features = 6;
    private const int Float64 = 11;

    public static readonly string[] Categories = ["L", "M", "H"];

    public static ModelSignature Signature { get; } =
        new()
        {
            Task = PredictionTask.Binary,
            Target = "Machine failure",
            TargetType = ColumnType.Integer,
            Classes = ["0", "1"],
            Inputs =
            [
                new("Type", ColumnType.Text, Categories.Length),
                new("Air temperature [K]", ColumnType.Number),
                new("Process temperature [K]", ColumnType.Number),
                new("Rotational speed [rpm]", ColumnType.Number),
                new("Torque [Nm]", ColumnType.Number),
                new("Tool wear [min]", ColumnType.Number),
            ],
        };

    public static byte[] Create(int seed)
    {
        var graph = new OnnxWriter();
        graph.Message(
            1,
            Node(
                "LabelEncoder",
                "ai.onnx.ml",
                ["Type"],
                "type",
                TensorAttribute("keys_tensor", Tensor("keys", [3], Categories)),
                TensorAttribute("values_tensor", Tensor("values", [3], new double[] { 1, 2, 3 })),
                TensorAttribute("default_tensor", Tensor("default", [1], new double[1]))
            )
        );
        string[] parts = ["type", .. Signature.Inputs.Skip(1).Select(input => input.Name)];
        graph.Message(1, Node("Concat", "", parts, "features", IntegerAttribute("axis", 1)));
        graph.Message(1, Node("TreeEnsemble", "ai.onnx.ml", ["features"], "raw", Ensemble(new Random(seed))));
        graph.Message(1, Node("Sigmoid", "", ["raw"], "positive"));
        graph.Message(1, Node("Sub", "", ["one", "positive"], "negative"));
        graph.Message(1, Node("Concat", "", ["negative", "positive"], ModelSignature.Outputs.Probabilities, IntegerAttribute("axis", 1)));
        graph.Text(2, "bench");
        graph.Message(5, Tensor("one", [1], new double[] { 1 }));
        foreach (var input in Signature.Inputs)
        {
            graph.Message(11, Value(input.Name, input.Type == ColumnType.Text ? 8 : Float64, -1, 1));
        }

        graph.Message(12, Value(ModelSignature.Outputs.Probabilities, Float64, -1, 2));
        return new OnnxWriter()
            .Integer(1, 10)
            .Message(7, graph)
            .Message(8, new OnnxWriter().Text(1, "").Integer(2, 21))
            .Message(8, new OnnxWriter().Text(1, "ai.onnx.ml").Integer(2, 5))
            .ToArray();
    }

    /// <summary>Complete trees of depth 5: node i of a tree has children 2i+1 and 2i+2, leaves from 31 on.</summary>
    private static OnnxWriter[] Ensemble(Random random)
    {
        const int Nodes = Trees * Inner;
        const int Leaves = Trees * (Inner + 1);
        var inner = Enumerable.Range(0, Nodes).ToArray();
        long Child(int node, int side) =>
            (node % Inner * 2) + side is var child && child < Inner
                ? (node / Inner * Inner) + child
                : (node / Inner * (Inner + 1)) + child - Inner;
        long IsLeaf(int node, int side) => (node % Inner * 2) + side >= Inner ? 1 : 0;
        var features = inner.Select(_ => (long)random.Next(Features)).ToArray();
        return
        [
            IntegerAttribute("n_targets", 1),
            IntegerAttribute("aggregate_function", 1),
            IntegerAttribute("post_transform", 0),
            IntegersAttribute("tree_roots", Enumerable.Range(0, Trees).Select(tree => (long)tree * Inner)),
            IntegersAttribute("nodes_featureids", features),
            TensorAttribute("nodes_modes", Tensor("modes", [Nodes], new byte[Nodes])),
            TensorAttribute("nodes_splits", Tensor("splits", [Nodes], features.Select(feature => Split((int)feature, random)).ToArray())),
            IntegersAttribute("nodes_truenodeids", inner.Select(node => Child(node, 1))),
            IntegersAttribute("nodes_falsenodeids", inner.Select(node => Child(node, 2))),
            IntegersAttribute("nodes_trueleafs", inner.Select(node => IsLeaf(node, 1))),
            IntegersAttribute("nodes_falseleafs", inner.Select(node => IsLeaf(node, 2))),
            IntegersAttribute("nodes_missing_value_tracks_true", inner.Select(_ => 0L)),
            IntegersAttribute("leaf_targetids", Enumerable.Repeat(0L, Leaves)),
            TensorAttribute(
                "leaf_weights",
                Tensor("weights", [Leaves], Enumerable.Range(0, Leaves).Select(_ => (random.NextDouble() - 0.5) / 10).ToArray())
            ),
        ];
    }

    private static double Split(int feature, Random random) => feature == 0 ? random.Next(1, 3) + 0.5 : BenchRows.Value(feature, random);
}
