using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>The datatypes of the Open Inference Protocol v2.</summary>
internal enum InferType
{
    Bool,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp32,
    Fp64,
    Bytes,
}

internal static class InferTypes
{
    public const string All = "BOOL, UINT8, UINT16, UINT32, UINT64, INT8, INT16, INT32, INT64, FP32, FP64 or BYTES";

    /// <exception cref="ServingException">400: no such datatype, or one that JSON does not carry.</exception>
    public static InferType Parse(string name, string input) =>
        name switch
        {
            "BOOL" => InferType.Bool,
            "UINT8" => InferType.UInt8,
            "UINT16" => InferType.UInt16,
            "UINT32" => InferType.UInt32,
            "UINT64" => InferType.UInt64,
            "INT8" => InferType.Int8,
            "INT16" => InferType.Int16,
            "INT32" => InferType.Int32,
            "INT64" => InferType.Int64,
            "FP32" => InferType.Fp32,
            "FP64" => InferType.Fp64,
            "BYTES" => InferType.Bytes,
            "FP16" => throw ServingException.BadRequest($"Input '{input}': FP16 has no form in JSON; send FP32 or FP64."),
            _ => throw ServingException.BadRequest($"Input '{input}': datatype '{name}' is unknown; expected {All}."),
        };

    /// <summary>The datatype that a column is described with in the model's metadata.</summary>
    public static string Of(ColumnType column) => column == ColumnType.Text ? "BYTES" : "FP64";

    /// <summary>Least and greatest value of an integer type.</summary>
    public static (long Least, ulong Greatest) Range(InferType type) =>
        type switch
        {
            InferType.UInt8 => (0, byte.MaxValue),
            InferType.UInt16 => (0, ushort.MaxValue),
            InferType.UInt32 => (0, uint.MaxValue),
            InferType.UInt64 => (0, ulong.MaxValue),
            InferType.Int8 => (sbyte.MinValue, (ulong)sbyte.MaxValue),
            InferType.Int16 => (short.MinValue, (ulong)short.MaxValue),
            InferType.Int32 => (int.MinValue, int.MaxValue),
            _ => (long.MinValue, long.MaxValue),
        };
}
