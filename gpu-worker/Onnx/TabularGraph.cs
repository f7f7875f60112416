using Google.Protobuf;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;
using static Serverless.GpuWorker.Onnx.TensorProto.Types;

namespace Serverless.GpuWorker.Onnx;

/// <summary>
/// The graph around a trained model: from raw columns to a matrix, from scores to the outputs that <see cref="ModelSignature"/> states.
/// </summary>
internal static class TabularGraph
{
    private const long IrVersion = 10;
    private const long Opset = 21;
    private const long MachineLearningOpset = 5;

    public static byte[] Build(
        ITrainedModel model,
        FeatureSet features,
        ModelSignature signature,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        var graph = new GraphBuilder();
        foreach (var feature in features.Features)
        {
            graph.Input(feature.Column.Name, feature.Codes is null ? DataType.Double : DataType.String, null, 1);
        }

        if (signature.Task == PredictionTask.Regression)
        {
            graph.Output(ModelSignature.Outputs.Prediction, DataType.Double, [null]);
        }
        else
        {
            graph.Output(ModelSignature.Outputs.Prediction, DataType.String, [null]);
            graph.Output(ModelSignature.Outputs.Probabilities, DataType.Double, null, signature.Classes.Count);
        }

        var columns = features.Features.Select(feature => Encode(graph, feature)).ToList();
        Finish(graph, model.Export(graph, columns), signature);
        var proto = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "serverless",
            Graph = graph.Graph,
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = Opset },
                new OperatorSetIdProto { Domain = GraphBuilder.MachineLearning, Version = MachineLearningOpset },
            },
            MetadataProps = { metadata.Select(pair => new StringStringEntryProto { Key = pair.Key, Value = pair.Value }) },
        };
        return proto.ToByteArray();
    }

    /// <summary>Text to its code, 0 for what is not in the table; numbers stay.</summary>
    private static string Encode(GraphBuilder graph, Feature feature)
    {
        if (feature.Codes is not { } codes)
        {
            return feature.Column.Name;
        }

        // A column with values too rare to keep, or one never present: the table may not be empty.
        var keys = codes.Categories.Count > 0 ? codes.Categories : [""];
        var values = codes.Categories.Count > 0 ? Enumerable.Range(1, codes.Categories.Count).Select(code => (double)code).ToArray() : [0d];
        return graph.Node(
            "LabelEncoder",
            [feature.Column.Name],
            domain: GraphBuilder.MachineLearning,
            attributes:
            [
                GraphBuilder.Attribute("keys_tensor", GraphBuilder.Strings(keys)),
                GraphBuilder.Attribute("values_tensor", GraphBuilder.Doubles(values)),
                GraphBuilder.Attribute("default_tensor", GraphBuilder.Doubles([0d])),
            ]
        );
    }

    private static void Finish(GraphBuilder graph, string scores, ModelSignature signature)
    {
        if (signature.Task == PredictionTask.Regression)
        {
            var shape = graph.Constant(GraphBuilder.Tensor<long>(DataType.Int64, [-1]));
            graph.Node("Reshape", [scores, shape], ModelSignature.Outputs.Prediction);
            return;
        }

        // The post_transform of TreeEnsemble is not what its specification says: nodes of their own.
        if (signature.Task == PredictionTask.Binary)
        {
            var positive = graph.Node("Sigmoid", [scores]);
            var one = graph.Constant(GraphBuilder.Doubles([1d]));
            var negative = graph.Node("Sub", [one, positive]);
            graph.Node("Concat", [negative, positive], ModelSignature.Outputs.Probabilities, attributes: GraphBuilder.Attribute("axis", 1));
        }
        else
        {
            graph.Node("Softmax", [scores], ModelSignature.Outputs.Probabilities, attributes: GraphBuilder.Attribute("axis", 1));
        }

        var best = graph.Node(
            "ArgMax",
            [ModelSignature.Outputs.Probabilities],
            attributes: [GraphBuilder.Attribute("axis", 1), GraphBuilder.Attribute("keepdims", 0)]
        );
        graph.Node(
            "LabelEncoder",
            [best],
            ModelSignature.Outputs.Prediction,
            GraphBuilder.MachineLearning,
            GraphBuilder.Attribute("keys_int64s", Enumerable.Range(0, signature.Classes.Count).Select(index => (long)index)),
            GraphBuilder.Attribute("values_strings", signature.Classes),
            GraphBuilder.Attribute("default_string", signature.Classes[0])
        );
    }
}
