using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;
using static Serverless.Testing.Serving.OnnxWriter;

namespace Serverless.Testing.Serving;

/// <summary>
/// A linear model as an ONNX graph of the shape that the exporter writes: one [N,1] input a column, missing numbers count as 0, known
/// categories as 1, 2, 3 and so on, unknown ones as 0. Small enough to know every answer.
/// </summary>
public static class TinyModel
{
    private const int Int64 = 7;
    private const int Float64 = 11;
    private const int String = 8;

    /// <summary>Type (text: L, M, H) and Torque [Nm]; the score of class "1" is torque / 10 - 4 + code of type + <paramref name="bias"/>.</summary>
    public static (ModelSignature Signature, byte[] Model) Binary(double bias = 0)
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Binary,
            Target = "Machine failure",
            TargetType = ColumnType.Integer,
            Classes = ["0", "1"],
            Inputs = [new("Type", ColumnType.Text, 3), new("Torque [Nm]", ColumnType.Number)],
        };
        return (
            signature,
            Create(
                signature,
                [
                    [0, 1],
                    [0, 0.1],
                ],
                [0, bias - 4],
                new() { ["Type"] = ["L", "M", "H"] }
            )
        );
    }

    /// <summary>A number, an integer, a boolean and a timestamp in; value = number + 2 * integer + 3 * boolean + seconds + <paramref name="bias"/>.</summary>
    public static (ModelSignature Signature, byte[] Model) Regression(double bias = 0)
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Regression,
            Target = "price",
            TargetType = ColumnType.Number,
            Inputs =
            [
                new("number", ColumnType.Number),
                new("integer", ColumnType.Integer),
                new("flag", ColumnType.Boolean),
                new("at", ColumnType.Timestamp),
            ],
        };
        return (
            signature,
            Create(
                signature,
                [
                    [1],
                    [2],
                    [3],
                    [1],
                ],
                [bias],
                []
            )
        );
    }

    /// <summary>One text in, three classes of text out: a, b and c name themselves, everything else is a.</summary>
    public static (ModelSignature Signature, byte[] Model) Multiclass()
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Multiclass,
            Target = "letter",
            TargetType = ColumnType.Text,
            Classes = ["a", "b", "c"],
            Inputs = [new("letter seen", ColumnType.Text, 3)],
        };
        return (
            signature,
            Create(
                signature,
                [
                    [-4, 0, 4],
                ],
                [6, 0, -10],
                new() { ["letter seen"] = ["a", "b", "c"] }
            )
        );
    }

    /// <summary>One number in, the same out, up to 999; it fails on a larger one, and with it on all rows that it is asked together with.</summary>
    public static (ModelSignature Signature, byte[] Model) Brittle()
    {
        var signature = new ModelSignature
        {
            Task = PredictionTask.Regression,
            Target = "same",
            TargetType = ColumnType.Number,
            Inputs = [new("number", ColumnType.Number)],
        };
        var graph = new OnnxWriter();
        graph.Message(1, Node("IsNaN", "", ["number"], "missing"));
        graph.Message(1, Node("Where", "", ["missing", "zero", "number"], "known"));
        graph.Message(1, Node("Cast", "", ["known"], "index", IntegerAttribute("to", Int64)));
        graph.Message(1, Node("Gather", "", ["table", "index"], "scores"));
        Finish(graph, signature);
        graph.Text(2, "brittle");
        graph.Message(5, Tensor("zero", [1], new double[1]));
        graph.Message(5, Tensor("table", [1000], Enumerable.Range(0, 1000).Select(i => (double)i).ToArray()));
        graph.Message(11, Value("number", Float64, -1, 1));
        return (signature, Whole(graph));
    }

    /// <param name="signature">Inputs, and classes or regression.</param>
    /// <param name="weights">For each input, one weight a class (one for regression).</param>
    /// <param name="bias">One a class.</param>
    /// <param name="categories">The known ones of every text input.</param>
    public static byte[] Create(ModelSignature signature, double[][] weights, double[] bias, Dictionary<string, string[]> categories)
    {
        var graph = new OnnxWriter();
        var encoded = new List<string>();
        foreach (var input in signature.Inputs)
        {
            var output = $"encoded {input.Name}";
            encoded.Add(output);
            if (input.Type == ColumnType.Text)
            {
                var known = categories[input.Name];
                double[] codes = [.. Enumerable.Range(1, known.Length)];
                graph.Message(
                    1,
                    Node(
                        "LabelEncoder",
                        "ai.onnx.ml",
                        [input.Name],
                        output,
                        TensorAttribute("keys_tensor", Tensor("keys", [known.Length], known)),
                        TensorAttribute("values_tensor", Tensor("values", [known.Length], codes)),
                        TensorAttribute("default_tensor", Tensor("default", [1], new double[1]))
                    )
                );
            }
            else
            {
                graph.Message(1, Node("IsNaN", "", [input.Name], $"missing {input.Name}"));
                graph.Message(1, Node("Where", "", [$"missing {input.Name}", "zero", input.Name], output));
            }
        }

        graph.Message(1, Node("Concat", "", [.. encoded], "features", IntegerAttribute("axis", 1)));
        graph.Message(1, Node("MatMul", "", ["features", "weights"], "products"));
        graph.Message(1, Node("Add", "", ["products", "bias"], "scores"));
        Finish(graph, signature);
        graph.Text(2, "tiny");
        graph.Message(5, Tensor("zero", [1], new double[1]));
        graph.Message(5, Tensor("weights", [weights.Length, bias.Length], weights.SelectMany(row => row).ToArray()));
        graph.Message(5, Tensor("bias", [bias.Length], bias));
        foreach (var input in signature.Inputs)
        {
            graph.Message(11, Value(input.Name, input.Type == ColumnType.Text ? String : Float64, -1, 1));
        }

        return Whole(graph);
    }

    private static byte[] Whole(OnnxWriter graph) =>
        new OnnxWriter()
            .Integer(1, 10)
            .Text(2, "serverless-tests")
            .Message(7, graph)
            .Message(8, new OnnxWriter().Text(1, "").Integer(2, 21))
            .Message(8, new OnnxWriter().Text(1, "ai.onnx.ml").Integer(2, 5))
            .ToArray();

    private static void Finish(OnnxWriter graph, ModelSignature signature)
    {
        if (signature.Task == PredictionTask.Regression)
        {
            graph.Message(1, Node("Squeeze", "", ["scores", "one"], ModelSignature.Outputs.Prediction));
            graph.Message(5, Tensor("one", [1], new[] { 1L }));
            graph.Message(12, Value(ModelSignature.Outputs.Prediction, Float64, -1));
            return;
        }

        long[] indices = [.. Enumerable.Range(0, signature.Classes.Count)];
        graph.Message(1, Node("Softmax", "", ["scores"], ModelSignature.Outputs.Probabilities, IntegerAttribute("axis", 1)));
        graph.Message(
            1,
            Node(
                "ArgMax",
                "",
                [ModelSignature.Outputs.Probabilities],
                "label",
                IntegerAttribute("axis", 1),
                IntegerAttribute("keepdims", 0)
            )
        );
        graph.Message(
            1,
            Node(
                "LabelEncoder",
                "ai.onnx.ml",
                ["label"],
                ModelSignature.Outputs.Prediction,
                TensorAttribute("keys_tensor", Tensor("keys", [indices.Length], indices)),
                TensorAttribute("values_tensor", Tensor("values", [indices.Length], signature.Classes.ToArray())),
                TensorAttribute("default_tensor", Tensor("default", [1], new[] { "" }))
            )
        );
        graph.Message(12, Value(ModelSignature.Outputs.Prediction, String, -1));
        graph.Message(12, Value(ModelSignature.Outputs.Probabilities, Float64, -1, signature.Classes.Count));
    }
}
