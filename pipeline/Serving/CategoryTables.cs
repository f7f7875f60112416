using System.Collections.Frozen;
using System.Text;

namespace Serverless.Pipeline.Serving;

/// <summary>
/// The categories that a model knows, read out of its graph: the keys of the LabelEncoder that each text input goes into. The signature
/// holds only their number, since it has to stay small.
/// </summary>
internal static class CategoryTables
{
    // Field numbers of onnx.proto.
    private const int ModelGraph = 7;
    private const int GraphNode = 1;
    private const int NodeInput = 1;
    private const int NodeOperator = 4;
    private const int NodeAttribute = 5;
    private const int AttributeName = 1;
    private const int AttributeTensor = 5;
    private const int AttributeStrings = 9;
    private const int TensorStrings = 6;

    /// <returns>By the graph's input; inputs without a table of their own are not in it.</returns>
    public static FrozenDictionary<string, FrozenSet<string>> Read(ReadOnlyMemory<byte> model)
    {
        var tables = new Dictionary<string, FrozenSet<string>>();
        foreach (var graph in new ProtobufFields(model).Messages(ModelGraph))
        {
            foreach (var node in graph.Messages(GraphNode))
            {
                if (node.Texts(NodeOperator).FirstOrDefault() == "LabelEncoder" && node.Texts(NodeInput).FirstOrDefault() is { } input)
                {
                    var keys = node.Messages(NodeAttribute).SelectMany(Keys).ToFrozenSet();
                    if (keys.Count > 0)
                    {
                        tables.TryAdd(input, keys);
                    }
                }
            }
        }

        return tables.ToFrozenDictionary();
    }

    private static IEnumerable<string> Keys(ProtobufFields attribute) =>
        attribute.Texts(AttributeName).FirstOrDefault() switch
        {
            "keys_strings" => attribute.Texts(AttributeStrings),
            "keys_tensor" => attribute.Messages(AttributeTensor).SelectMany(tensor => tensor.Texts(TensorStrings)),
            _ => [],
        };
}

/// <summary>A protobuf message whose fields are walked, not decoded: of a model of megabytes only a few names are wanted.</summary>
internal readonly struct ProtobufFields(ReadOnlyMemory<byte> message)
{
    private readonly ReadOnlyMemory<byte> message = message;

    public IEnumerable<ProtobufFields> Messages(int field) => Values(field).Select(value => new ProtobufFields(value));

    public IEnumerable<string> Texts(int field) => Values(field).Select(value => Encoding.UTF8.GetString(value.Span));

    private IEnumerable<ReadOnlyMemory<byte>> Values(int field)
    {
        var position = 0;
        while (position < message.Length)
        {
            var tag = Varint(ref position);
            var start = position;
            switch ((int)(tag & 7))
            {
                case 0:
                    Varint(ref position);
                    break;
                case 1:
                    position += 8;
                    break;
                case 2:
                    var length = Varint(ref position);
                    start = position;
                    if (length > (ulong)(message.Length - position))
                    {
                        throw new InvalidDataException(
                            $"The model ends inside a field at byte {position} of a message of {message.Length}."
                        );
                    }

                    position += (int)length;
                    if (tag >> 3 == (ulong)field)
                    {
                        yield return message[start..position];
                    }

                    break;
                case 5:
                    position += 4;
                    break;
                default:
                    throw new InvalidDataException($"The model has a field of unknown wire type {tag & 7} at byte {start}.");
            }
        }
    }

    private ulong Varint(ref int position)
    {
        var span = message.Span;
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (position >= span.Length)
            {
                break;
            }

            var next = span[position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException($"The model has a broken number at byte {position}.");
    }
}
