using System.Text;
using DuckDB.NET.Native;

namespace Serverless.Pipeline.Datasets;

/// <summary>One column of the batch that is being filled from DuckDB's vectors.</summary>
internal sealed unsafe class ColumnBuffer
{
    /// <summary>Texts repeat in a column of categories; those seen lately are not made again. A power of two.</summary>
    private const int CacheSlots = 1_024;

    /// <summary>Longest text, in bytes, that lies inside DuckDB's 16-byte string; longer ones are a length, a prefix and a pointer.</summary>
    private const int InlineBytes = 12;

    private readonly double[] numbers = [];
    private readonly string[] texts = [];
    private readonly (byte[] Utf8, string Text)[] cache = [];

    public ColumnBuffer(ColumnSchema column, int rows)
    {
        if (column.Type == ColumnType.Text)
        {
            texts = new string[rows];
            cache = new (byte[], string)[CacheSlots];
            Values = new ColumnValues(column.Name, texts);
        }
        else
        {
            numbers = new double[rows];
            Values = new ColumnValues(column.Name, column.Type, numbers);
        }
    }

    public ColumnValues Values { get; }

    /// <summary>Copies rows of a vector (DOUBLE or VARCHAR, without NULL) into the batch.</summary>
    public void Copy(IntPtr vector, int from, int to, int rows)
    {
        var data = NativeMethods.Vectors.DuckDBVectorGetData(vector);
        if (Values.Type != ColumnType.Text)
        {
            new ReadOnlySpan<double>((double*)data + from, rows).CopyTo(numbers.AsSpan(to));
            return;
        }

        for (var row = 0; row < rows; row++)
        {
            var entry = (byte*)data + (16L * (from + row));
            var length = *(int*)entry;
            var bytes = length <= InlineBytes ? entry + 4 : *(byte**)(entry + 8);
            texts[to + row] = Text(new ReadOnlySpan<byte>(bytes, length));
        }
    }

    private string Text(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length is 0 or > 64)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        var hash = (uint)utf8.Length;
        foreach (var b in utf8)
        {
            hash = (hash ^ b) * 16_777_619;
        }

        ref var slot = ref cache[(hash ^ (hash >> 16)) & (CacheSlots - 1)];
        if (slot.Utf8 is null || !utf8.SequenceEqual(slot.Utf8))
        {
            slot = (utf8.ToArray(), Encoding.UTF8.GetString(utf8));
        }

        return slot.Text;
    }
}
