using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;
using static Serverless.Testing.Serving.OnnxWriter;

namespace Serverless.Testing.Serving;

/// <summary>Models that their data can break: one number in, a number out, in ONNX Runtime itself and not in a stand-in of it.</summary>
public static class OddModel
{
    private const int Int64 = 7;
    private const int Boolean = 9;
    private const int Float64 = 11;
    private const string Input = "number";

    private static readonly ModelSignature Signature = new()
    {
        Task = PredictionTask.Regression,
        Target = "odd",
        TargetType = ColumnType.Number,
        Inputs = [new(Input, ColumnType.Number)],
    };

    /// <summary>Numbers from 0 to 9 come out ten times as large; any other makes the whole run fail.</summary>
    public static (ModelSignature Signature, byte[] Model) Fails()
    {
        var graph = Begin();
        graph.Message(1, Node("Cast", "", ["flat"], "index", IntegerAttribute("to", Int64)));
        graph.Message(1, Node("Gather", "", ["table", "index"], ModelSignature.Outputs.Prediction));
        graph.Message(5, Tensor("table", [10], Enumerable.Range(0, 10).Select(i => 10.0 * i).ToArray()));
        return End(graph);
    }

    /// <summary>Numbers come out as they are, after as many turns of a loop as the largest of them: 1e15 does not come to an end.</summary>
    public static (ModelSignature Signature, byte[] Model) Slow()
    {
        var graph = Begin();
        graph.Message(1, Node("ReduceMax", "", ["flat"], "largest", IntegerAttribute("keepdims", 0)));
        graph.Message(1, Node("Cast", "", ["largest"], "turns", IntegerAttribute("to", Int64)));
        graph.Message(1, Node("Loop", "", ["turns", "", "flat"], ModelSignature.Outputs.Prediction, GraphAttribute("body", Turn())));
        return End(graph);
    }

    private static OnnxWriter Turn()
    {
        var body = new OnnxWriter();
        body.Message(1, Node("Identity", "", ["go on"], "goes on"));
        body.Message(1, Node("Add", "", ["before", "zero"], "after"));
        body.Text(2, "turn");
        body.Message(11, Value("turn number", Int64));
        body.Message(11, Value("go on", Boolean));
        body.Message(11, Value("before", Float64, -1));
        body.Message(12, Value("goes on", Boolean));
        body.Message(12, Value("after", Float64, -1));
        return body;
    }

    private static OnnxWriter Begin()
    {
        var graph = new OnnxWriter();
        // A model is tried on a row without values when it is loaded: that one must go well.
        graph.Message(1, Node("Squeeze", "", [Input, "one"], "given"));
        graph.Message(1, Node("IsNaN", "", ["given"], "missing"));
        graph.Message(1, Node("Where", "", ["missing", "zero", "given"], "flat"));
        graph.Message(5, Tensor("one", [1], new[] { 1L }));
        graph.Message(5, Tensor("zero", [1], new double[1]));
        return graph;
    }

    private static (ModelSignature Signature, byte[] Model) End(OnnxWriter graph)
    {
        graph.Text(2, "odd");
        graph.Message(11, Value(Input, Float64, -1, 1));
        graph.Message(12, Value(ModelSignature.Outputs.Prediction, Float64, -1));
        var model = new OnnxWriter()
            .Integer(1, 10)
            .Text(2, "serverless-tests")
            .Message(7, graph)
            .Message(8, new OnnxWriter().Text(1, "").Integer(2, 21));
        return (Signature, model.ToArray());
    }
}
