using System.Text;
using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>What every JSON request has in common.</summary>
internal static class JsonBody
{
    /// <summary>Without a byte-order mark, which some clients send though JSON has none.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) => body.StartsWith(Encoding.UTF8.Preamble) ? body[3..] : body;

    /// <summary>In the caller's terms what is wrong with the JSON; null when that is not what failed.</summary>
    public static ServingException? Explain(Exception failed) =>
        failed switch
        {
            JsonException broken => ServingException.BadRequest(
                $"The body is not valid JSON, line {broken.LineNumber + 1}, position {broken.BytePositionInLine + 1}: {Reason(broken)}"
            ),
            // The reader's word for text that is no UTF-8.
            InvalidOperationException { InnerException: DecoderFallbackException or ArgumentException or null } =>
                ServingException.BadRequest("The body has text that is not valid UTF-8; send it encoded as UTF-8."),
            _ => null,
        };

    private static string Reason(JsonException broken)
    {
        var end = broken.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? broken.Message : broken.Message[..end];
    }
}
