using System.Text;

namespace Serverless.Local.Durable;

/// <summary>Serialises what goes through an orchestration and refuses what the real platform would not carry.</summary>
internal static class Payload
{
    public static string? Serialize(DurableOptions options, object? value, string what)
    {
        var data = options.Converter.Serialize(value);
        // A character is at most three bytes: most payloads need no counting.
        if (data is null || data.Length <= options.MaxPayloadBytes / 3)
            return data;
        var bytes = Encoding.UTF8.GetByteCount(data);
        return bytes <= options.MaxPayloadBytes
            ? data
            : throw new ArgumentException(Messages.TooLarge(what, bytes, options.MaxPayloadBytes));
    }

    public static string? SerializeStatus(DurableOptions options, object? value)
    {
        var data = options.Converter.Serialize(value);
        return data is null || data.Length * 2 <= options.MaxCustomStatusBytes
            ? data
            : throw new ArgumentException(Messages.TooLarge("the custom status", data.Length * 2L, options.MaxCustomStatusBytes));
    }
}
