using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Serverless.GpuWorker.Onnx;

/// <summary>Puts a graph together: nodes in order, names that collide with no column.</summary>
internal sealed class GraphBuilder
{
    public const string MachineLearning = "ai.onnx.ml";

    private readonly GraphProto graph = new() { Name = "model" };
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    public GraphProto Graph => graph;

    public void Input(string name, TensorProto.Types.DataType type, params ReadOnlySpan<long?> shape)
    {
        names.Add(name);
        graph.Input.Add(Value(name, type, shape));
    }

    public void Output(string name, TensorProto.Types.DataType type, params ReadOnlySpan<long?> shape)
    {
        names.Add(name);
        graph.Output.Add(Value(name, type, shape));
    }

    /// <summary>Adds a node with one output of a new name.</summary>
    /// <returns>The output's name.</returns>
    public string Node(
        string operation,
        IEnumerable<string> inputs,
        string? output = null,
        string domain = "",
        params AttributeProto[] attributes
    )
    {
        output ??= NewName(operation);
        var node = new NodeProto
        {
            OpType = operation,
            Domain = domain,
            Name = NewName(operation + "_node"),
        };
        node.Input.Add(inputs);
        node.Output.Add(output);
        node.Attribute.Add(attributes);
        graph.Node.Add(node);
        return output;
    }

    public string Constant(TensorProto tensor)
    {
        tensor.Name = NewName("constant");
        graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    public static AttributeProto Attribute(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Int,
            I = value,
        };

    public static AttributeProto Attribute(string name, float value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Float,
            F = value,
        };

    public static AttributeProto Attribute(string name, IEnumerable<long> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        attribute.Ints.Add(values);
        return attribute;
    }

    public static AttributeProto Attribute(string name, IEnumerable<string> values)
    {
        var attribute = new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Strings };
        attribute.Strings.Add(values.Select(ByteString.CopyFromUtf8));
        return attribute;
    }

    public static AttributeProto Attribute(string name, string value) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.String,
            S = ByteString.CopyFromUtf8(value),
        };

    public static AttributeProto Attribute(string name, TensorProto tensor) =>
        new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Tensor,
            T = tensor,
        };

    public static TensorProto Tensor<T>(TensorProto.Types.DataType type, ReadOnlySpan<T> values, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        var tensor = new TensorProto { DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)) };
        tensor.Dims.Add(shape.Length > 0 ? shape.ToArray() : [values.Length]);
        return tensor;
    }

    public static TensorProto Doubles(ReadOnlySpan<double> values) => Tensor(TensorProto.Types.DataType.Double, values);

    public static TensorProto Strings(IReadOnlyCollection<string> values)
    {
        var tensor = new TensorProto { DataType = (int)TensorProto.Types.DataType.String };
        tensor.Dims.Add(values.Count);
        tensor.StringData.Add(values.Select(ByteString.CopyFromUtf8));
        return tensor;
    }

    private string NewName(string stem)
    {
        for (var i = 0; ; i++)
        {
            var name = $"{stem}_{i}";
            if (names.Add(name))
            {
                return name;
            }
        }
    }

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, ReadOnlySpan<long?> shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto() };
        foreach (var size in shape)
        {
            tensor.Shape.Dim.Add(
                size is { } known
                    ? new TensorShapeProto.Types.Dimension { DimValue = known }
                    : new TensorShapeProto.Types.Dimension { DimParam = "N" }
            );
        }

        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = tensor },
        };
    }
}
