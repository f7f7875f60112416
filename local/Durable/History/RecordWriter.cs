using System.Text;

namespace Serverless.Local.Durable;

/// <summary>Little-endian base-128 numbers and UTF-8 text into one growing buffer that is used again.</summary>
internal sealed class RecordWriter
{
    private byte[] buffer = new byte[4096];
    private int length;

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, length);

    public void Clear()
    {
        // One large payload must not be held for ever.
        if (buffer.Length > 1024 * 1024)
            buffer = new byte[4096];
        length = 0;
    }

    public void Byte(byte value)
    {
        Reserve(1);
        buffer[length++] = value;
    }

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Number(long value)
    {
        Reserve(10);
        // Zigzag: small negative numbers stay short.
        var rest = (ulong)((value << 1) ^ (value >> 63));
        for (; rest >= 0x80; rest >>= 7)
            buffer[length++] = (byte)(rest | 0x80);
        buffer[length++] = (byte)rest;
    }

    /// <summary>Null is length 0, so a text's length is written plus one.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Number(0);
            return;
        }
        var bytes = Encoding.UTF8.GetByteCount(value);
        Number(bytes + 1L);
        Reserve(bytes);
        length += Encoding.UTF8.GetBytes(value, buffer.AsSpan(length));
    }

    public void Texts(IReadOnlyDictionary<string, string> values)
    {
        Number(values.Count);
        foreach (var (key, value) in values)
        {
            Text(key);
            Text(value);
        }
    }

    private void Reserve(int bytes)
    {
        if (buffer.Length - length < bytes)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + bytes));
    }
}

/// <summary>Reads what <see cref="RecordWriter"/> wrote.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    public byte Byte() => at < bytes.Length ? bytes[at++] : throw Short();

    public bool Bool() => Byte() != 0;

    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var one = Byte();
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80)
                return (long)(value >> 1) ^ -(long)(value & 1);
        }
        throw new InvalidDataException($"The history record has a number of more than 64 bits before byte {at}.");
    }

    public int Int() => checked((int)Number());

    public int Count() => Int() is var count && count >= 0 && count <= bytes.Length ? count : throw Short();

    public string? Text()
    {
        var length = Number() - 1;
        if (length < 0)
            return null;
        if (length > bytes.Length - at)
            throw Short();
        var text = Encoding.UTF8.GetString(bytes.Slice(at, (int)length));
        at += (int)length;
        return text;
    }

    public string RequiredText() => Text() ?? throw new InvalidDataException($"The history record lacks a text before byte {at}.");

    public IReadOnlyDictionary<string, string> Texts()
    {
        var count = Count();
        if (count == 0)
            return NoTags.Value;
        var values = new Dictionary<string, string>(count, StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
            values[RequiredText()] = RequiredText();
        return values;
    }

    private readonly InvalidDataException Short() => new($"The history record of {bytes.Length} bytes ends before its content does.");
}

internal static class NoTags
{
    public static IReadOnlyDictionary<string, string> Value { get; } =
        System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;
}
