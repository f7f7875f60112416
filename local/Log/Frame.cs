using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Serverless.Local.Logs;

/// <summary>
/// The header before every payload: length (4), tag (8), CRC-32C of header and position (4), CRC-32C of the payload (4), little endian.
/// The position is in the checksum, so bytes of an older file at the same place do not pass. The header has a checksum of
/// its own, so a damaged payload still says how long it is and, by its tag, whose it is.
/// </summary>
internal static class Frame
{
    public const int HeaderBytes = 20;

    /// <param name="target">At least <see cref="HeaderBytes"/> and the payload.</param>
    /// <param name="position">Where the record lies.</param>
    /// <param name="tag">Whose it is.</param>
    /// <param name="payload">The record.</param>
    /// <param name="checksum">Of the payload, by <see cref="Checksum"/>: reckoned before the lock under which records get their positions.</param>
    public static void Write(Span<byte> target, long position, ulong tag, ReadOnlySpan<byte> payload, uint checksum)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[4..], tag);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], HeaderChecksum(position, payload.Length, tag));
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], checksum);
        payload.CopyTo(target[HeaderBytes..]);
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> source, long position, out int length, out ulong tag, out uint payloadChecksum)
    {
        length = 0;
        tag = 0;
        payloadChecksum = 0;
        if (source.Length < HeaderBytes)
            return false;
        length = BinaryPrimitives.ReadInt32LittleEndian(source);
        tag = BinaryPrimitives.ReadUInt64LittleEndian(source[4..]);
        payloadChecksum = BinaryPrimitives.ReadUInt32LittleEndian(source[16..]);
        return length >= 0 && BinaryPrimitives.ReadUInt32LittleEndian(source[12..]) == HeaderChecksum(position, length, tag);
    }

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, word);
        foreach (var one in bytes[(bytes.Length & ~7)..])
            crc = BitOperations.Crc32C(crc, one);
        return ~crc;
    }

    private static uint HeaderChecksum(long position, int length, ulong tag) =>
        ~BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, (ulong)position), (uint)length), tag);
}
