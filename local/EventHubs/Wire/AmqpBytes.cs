using System.Buffers.Binary;
using System.Text;

namespace Serverless.Local.EventHubs;

/// <summary>
/// Walks over encoded AMQP 1.0 without decoding it (OASIS amqp-core-types, 1.2 and 1.6): events pass through the broker as the bytes
/// they came in, so that nothing a client can say is lost.
/// </summary>
internal ref struct AmqpBytes(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public int At { get; private set; }

    public readonly bool IsAtEnd => At >= bytes.Length;

    /// <summary>Reads the descriptor of the next section (0x70 header to 0x78 footer) and stands before its value.</summary>
    public byte Section()
    {
        if (Byte() != 0)
            throw Wrong("a section's descriptor");
        switch (Byte())
        {
            case 0x53:
                return Byte();
            case 0x80:
                var code = BinaryPrimitives.ReadUInt64BigEndian(Take(8));
                return code <= byte.MaxValue ? (byte)code : throw Wrong("a section's code");
            case 0xA3:
                return Named(Encoding.ASCII.GetString(Take(Byte())));
            case 0xB3:
                return Named(Encoding.ASCII.GetString(Take(Int32())));
            default:
                throw Wrong("a section's code");
        }
    }

    /// <summary>Steps over one value of any type and gives its bytes, format code included.</summary>
    public ReadOnlySpan<byte> Value()
    {
        var start = At;
        // A described value is two values. Counted, not called: a client may nest as deep as a message is long.
        for (var open = 1; open > 0; open--)
        {
            var code = Byte();
            if (code == 0)
                open += 2;
            else
                Take(Size(code));
        }
        return bytes[start..At];
    }

    /// <summary>Reads a binary, string or symbol.</summary>
    public ReadOnlySpan<byte> Variable() =>
        Byte() switch
        {
            0xA0 or 0xA1 or 0xA3 => Take(Byte()),
            0xB0 or 0xB1 or 0xB3 => Take(Int32()),
            _ => throw Wrong("a binary, string or symbol"),
        };

    /// <summary>Stands before the first key of a map; gives the number of keys and values together.</summary>
    public int MapHead()
    {
        switch (Byte())
        {
            case 0xC1:
                Byte();
                return Byte();
            case 0xD1:
                Int32();
                return Int32();
            case 0x40:
                return 0;
            default:
                throw Wrong("a map");
        }
    }

    /// <summary>Reads any integer type.</summary>
    public static long Integer(ReadOnlySpan<byte> value) =>
        value[0] switch
        {
            0x43 or 0x44 => 0,
            0x50 or 0x52 or 0x53 => value[1],
            0x51 or 0x54 or 0x55 => (sbyte)value[1],
            0x60 => BinaryPrimitives.ReadUInt16BigEndian(value[1..]),
            0x61 => BinaryPrimitives.ReadInt16BigEndian(value[1..]),
            0x70 => BinaryPrimitives.ReadUInt32BigEndian(value[1..]),
            0x71 => BinaryPrimitives.ReadInt32BigEndian(value[1..]),
            0x80 or 0x81 => BinaryPrimitives.ReadInt64BigEndian(value[1..]),
            var code => throw new FormatException($"AMQP value with format code 0x{code:X2}; expected an integer."),
        };

    private static byte Named(string name) =>
        name switch
        {
            "amqp:header:list" => 0x70,
            "amqp:delivery-annotations:map" => 0x71,
            "amqp:message-annotations:map" => 0x72,
            "amqp:properties:list" => 0x73,
            "amqp:application-properties:map" => 0x74,
            "amqp:data:binary" => 0x75,
            "amqp:amqp-sequence:list" => 0x76,
            "amqp:amqp-value:*" => 0x77,
            "amqp:footer:map" => 0x78,
            _ => throw new FormatException($"AMQP section '{name}' is not one of a message."),
        };

    private int Size(byte code) =>
        (code >> 4) switch
        {
            0x4 => 0,
            0x5 => 1,
            0x6 => 2,
            0x7 => 4,
            0x8 => 8,
            0x9 => 16,
            0xA or 0xC or 0xE => Byte(),
            0xB or 0xD or 0xF => Int32(),
            _ => throw Wrong("a format code"),
        };

    private byte Byte() => Take(1)[0];

    private int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > bytes.Length - At)
            throw new FormatException($"The AMQP message ends after {bytes.Length} bytes within a value that begins before byte {At}.");
        var taken = bytes.Slice(At, count);
        At += count;
        return taken;
    }

    private readonly FormatException Wrong(string expected) =>
        new($"The AMQP message is not valid before byte {At} of {bytes.Length}: expected {expected}.");
}
