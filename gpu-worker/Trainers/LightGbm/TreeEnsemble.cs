using Serverless.GpuWorker.Onnx;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>
/// LightGBM's trees as one <c>TreeEnsemble</c> of ai.onnx.ml 5 with doubles inside: exact to the last bits, with sets for categorical splits.
/// Where the two differ in the reading of a value, the node or the value before it is changed so that they agree.
/// </summary>
internal sealed class TreeEnsemble(IReadOnlyList<Tree> trees, int scores)
{
    /// <summary>LightGBM's kZeroThreshold, a float: smaller values of a dense row are read as 0.</summary>
    public const double ZeroThreshold = 1e-35f;

    private const byte LessOrEqual = 0;
    private const byte Member = 6;

    private readonly List<long> featureIds = [];
    private readonly List<byte> modes = [];
    private readonly List<double> splits = [];
    private readonly List<long> trueNodes = [];
    private readonly List<long> falseNodes = [];
    private readonly List<long> trueLeafs = [];
    private readonly List<long> falseLeafs = [];
    private readonly List<long> missingTracksTrue = [];
    private readonly List<double> members = [];
    private readonly List<double> leafWeights = [];
    private readonly List<long> leafTargets = [];
    private readonly List<long> roots = [];

    public string Export(GraphBuilder graph, IReadOnlyList<string> featureOutputs)
    {
        for (var tree = 0; tree < trees.Count; tree++)
        {
            Add(trees[tree], tree % scores);
        }

        var zeroes = ZeroIsMissing();
        var columns = featureOutputs.Select((name, index) => zeroes.Contains(index) ? ZeroToMissing(graph, name) : name);
        var matrix = graph.Node("Concat", columns, attributes: GraphBuilder.Attribute("axis", 1));
        List<AttributeProto> attributes =
        [
            GraphBuilder.Attribute("n_targets", scores),
            GraphBuilder.Attribute("aggregate_function", 1),
            GraphBuilder.Attribute("post_transform", 0),
            GraphBuilder.Attribute("tree_roots", roots),
            GraphBuilder.Attribute("nodes_featureids", featureIds),
            GraphBuilder.Attribute("nodes_modes", GraphBuilder.Tensor<byte>(DataType.Uint8, [.. modes])),
            GraphBuilder.Attribute("nodes_splits", GraphBuilder.Doubles([.. splits])),
            GraphBuilder.Attribute("nodes_truenodeids", trueNodes),
            GraphBuilder.Attribute("nodes_falsenodeids", falseNodes),
            GraphBuilder.Attribute("nodes_trueleafs", trueLeafs),
            GraphBuilder.Attribute("nodes_falseleafs", falseLeafs),
            GraphBuilder.Attribute("nodes_missing_value_tracks_true", missingTracksTrue),
            GraphBuilder.Attribute("leaf_targetids", leafTargets),
            GraphBuilder.Attribute("leaf_weights", GraphBuilder.Doubles([.. leafWeights])),
        ];
        if (members.Count > 0)
        {
            attributes.Add(GraphBuilder.Attribute("membership_values", GraphBuilder.Doubles([.. members])));
        }

        return graph.Node("TreeEnsemble", [matrix], null, GraphBuilder.MachineLearning, [.. attributes]);
    }

    private void Add(Tree tree, int target)
    {
        var firstNode = featureIds.Count;
        var firstLeaf = leafWeights.Count;
        roots.Add(firstNode);
        foreach (var leaf in tree.Leaves)
        {
            leafWeights.Add(leaf);
            leafTargets.Add(target);
        }

        if (tree.Splits == 0)
        {
            // A tree of one leaf needs a split; both ways lead to the same value, each to a leaf of its own.
            leafWeights.Add(tree.Leaves[0]);
            leafTargets.Add(target);
            AddNode(0, LessOrEqual, 0, missing: false, ~0, ~1, firstNode, firstLeaf);
            return;
        }

        for (var split = 0; split < tree.Splits; split++)
        {
            var (left, right, feature) = (tree.Left[split], tree.Right[split], tree.Features[split]);
            if (!tree.IsCategorical(split))
            {
                var missing = tree.Missing(split) == MissingType.None ? 0 <= tree.Thresholds[split] : tree.DefaultsLeft(split);
                AddNode(feature, LessOrEqual, Threshold(tree.Thresholds[split]), missing, left, right, firstNode, firstLeaf);
            }
            else
            {
                foreach (var code in tree.Categories(split))
                {
                    members.Add(code);
                }

                members.Add(double.NaN);
                AddNode(feature, Member, 0, missing: false, left, right, firstNode, firstLeaf);
            }
        }
    }

    private void AddNode(int feature, byte mode, double split, bool missing, int left, int right, int firstNode, int firstLeaf)
    {
        featureIds.Add(feature);
        modes.Add(mode);
        splits.Add(split);
        missingTracksTrue.Add(missing ? 1 : 0);
        trueNodes.Add(left < 0 ? firstLeaf + ~left : firstNode + left);
        trueLeafs.Add(left < 0 ? 1 : 0);
        falseNodes.Add(right < 0 ? firstLeaf + ~right : firstNode + right);
        falseLeafs.Add(right < 0 ? 1 : 0);
    }

    /// <summary>The threshold that sorts every value as LightGBM's does, which first reads values up to 1e-35 as 0.</summary>
    private static double Threshold(double value) =>
        value is >= 0 and <= ZeroThreshold ? ZeroThreshold
        : value is >= -ZeroThreshold and < 0 ? Math.BitDecrement(-ZeroThreshold)
        : value;

    private HashSet<int> ZeroIsMissing()
    {
        var features = new HashSet<int>();
        foreach (var tree in trees)
        {
            for (var split = 0; split < tree.Splits; split++)
            {
                if (!tree.IsCategorical(split) && tree.Missing(split) == MissingType.Zero)
                {
                    features.Add(tree.Features[split]);
                }
            }
        }

        return features;
    }

    private static string ZeroToMissing(GraphBuilder graph, string column)
    {
        var size = graph.Node("Abs", [column]);
        var zero = graph.Node("LessOrEqual", [size, graph.Constant(GraphBuilder.Doubles([ZeroThreshold]))]);
        return graph.Node("Where", [zero, graph.Constant(GraphBuilder.Doubles([double.NaN])), column]);
    }
}
