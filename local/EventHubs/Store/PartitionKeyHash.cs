using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Serverless.Local.EventHubs;

/// <summary>
/// The partition of a key, as the service chooses it: Bob Jenkins' lookup3 (public domain) over UTF-8 with seeds 0, both results
/// folded to 16 signed bits.
/// </summary>
internal static class PartitionKeyHash
{
    public static int Partition(string key, int partitions)
    {
        Span<byte> small = stackalloc byte[256];
        var length = Encoding.UTF8.GetByteCount(key);
        var bytes = length <= small.Length ? small[..length] : new byte[length];
        Encoding.UTF8.GetBytes(key, bytes);
        var (c, b) = Hash(bytes);
        return Math.Abs((short)(c ^ b) % partitions);
    }

    private static (uint C, uint B) Hash(ReadOnlySpan<byte> key)
    {
        var a = 0xdeadbeef + (uint)key.Length;
        var (b, c) = (a, a);
        for (; key.Length > 12; key = key[12..])
        {
            a += BinaryPrimitives.ReadUInt32LittleEndian(key);
            b += BinaryPrimitives.ReadUInt32LittleEndian(key[4..]);
            c += BinaryPrimitives.ReadUInt32LittleEndian(key[8..]);
            a = (a - c) ^ BitOperations.RotateLeft(c, 4);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 6);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 8);
            b += a;
            a = (a - c) ^ BitOperations.RotateLeft(c, 16);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 19);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 4);
            b += a;
        }
        if (key.Length == 0)
            return (c, b);
        Span<byte> last = stackalloc byte[12];
        last.Clear();
        key.CopyTo(last);
        a += BinaryPrimitives.ReadUInt32LittleEndian(last);
        b += BinaryPrimitives.ReadUInt32LittleEndian(last[4..]);
        c += BinaryPrimitives.ReadUInt32LittleEndian(last[8..]);
        c = (c ^ b) - BitOperations.RotateLeft(b, 14);
        a = (a ^ c) - BitOperations.RotateLeft(c, 11);
        b = (b ^ a) - BitOperations.RotateLeft(a, 25);
        c = (c ^ b) - BitOperations.RotateLeft(b, 16);
        a = (a ^ c) - BitOperations.RotateLeft(c, 4);
        b = (b ^ a) - BitOperations.RotateLeft(a, 14);
        c = (c ^ b) - BitOperations.RotateLeft(b, 24);
        return (c, b);
    }
}
