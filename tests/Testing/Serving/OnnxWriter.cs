using System.Text;

namespace Serverless.Testing.Serving;

/// <summary>Protobuf by hand, as much of it as a small ONNX graph needs; field numbers are those of onnx.proto.</summary>
public sealed class OnnxWriter
{
    private readonly List<byte> content = [];

    public byte[] ToArray() => [.. content];

    public OnnxWriter Integer(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public OnnxWriter Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)value.Length);
        content.AddRange(value);
        return this;
    }

    public OnnxWriter Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    public OnnxWriter Message(int field, OnnxWriter value) => Bytes(field, value.ToArray());

    /// <summary>A TensorProto of doubles (11), int64 (7), bytes (2) or strings (8); no shape is one value.</summary>
    public static OnnxWriter Tensor(string name, long[] shape, Array values)
    {
        var tensor = new OnnxWriter();
        foreach (var dimension in shape)
        {
            tensor.Integer(1, dimension);
        }

        tensor.Integer(
            2,
            values switch
            {
                double[] => 11,
                long[] => 7,
                byte[] => 2,
                string[] => 8,
                _ => throw new ArgumentException("double[], long[], byte[] or string[]", nameof(values)),
            }
        );
        if (values is string[] texts)
        {
            foreach (var text in texts)
            {
                tensor.Text(6, text);
            }
        }
        else
        {
            var raw = new byte[Buffer.ByteLength(values)];
            Buffer.BlockCopy(values, 0, raw, 0, raw.Length);
            tensor.Bytes(9, raw);
        }

        return tensor.Text(8, name);
    }

    /// <summary>A ValueInfoProto; a negative dimension is named N.</summary>
    public static OnnxWriter Value(string name, int elementType, params int[] shape)
    {
        var dimensions = new OnnxWriter();
        foreach (var dimension in shape)
        {
            dimensions.Message(1, dimension < 0 ? new OnnxWriter().Text(2, "N") : new OnnxWriter().Integer(1, dimension));
        }

        var tensor = new OnnxWriter().Integer(1, elementType).Message(2, dimensions);
        return new OnnxWriter().Text(1, name).Message(2, new OnnxWriter().Message(1, tensor));
    }

    public static OnnxWriter Node(string type, string domain, string[] inputs, string output, params OnnxWriter[] attributes)
    {
        var node = new OnnxWriter();
        foreach (var input in inputs)
        {
            node.Text(1, input);
        }

        node.Text(2, output).Text(3, output).Text(4, type).Text(7, domain);
        foreach (var attribute in attributes)
        {
            node.Message(5, attribute);
        }

        return node;
    }

    public static OnnxWriter IntegerAttribute(string name, long value) => new OnnxWriter().Text(1, name).Integer(3, value).Integer(20, 2);

    public static OnnxWriter IntegersAttribute(string name, IEnumerable<long> values)
    {
        var attribute = new OnnxWriter().Text(1, name);
        foreach (var value in values)
        {
            attribute.Integer(8, value);
        }

        return attribute.Integer(20, 7);
    }

    public static OnnxWriter TensorAttribute(string name, OnnxWriter tensor) =>
        new OnnxWriter().Text(1, name).Message(5, tensor).Integer(20, 4);

    public static OnnxWriter GraphAttribute(string name, OnnxWriter graph) =>
        new OnnxWriter().Text(1, name).Message(6, graph).Integer(20, 5);

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            content.Add((byte)(value | 0x80));
        }

        content.Add((byte)value);
    }
}
