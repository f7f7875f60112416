using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>From a JSON value to what a model takes, lenient as people are: numeric text is a number, a number in a text column its text.</summary>
internal static class PredictValues
{
    private static readonly long UnixEpoch = DateTimeOffset.UnixEpoch.UtcTicks;

    /// <summary>A value of a column that is not text. False: <paramref name="expected"/> says what would have been right.</summary>
    public static bool TryNumber(ref Utf8JsonReader reader, ColumnType type, out double value, out string expected)
    {
        expected = type switch
        {
            ColumnType.Boolean => "true, false, 0 or 1",
            ColumnType.Timestamp => "a time as ISO 8601 text (2026-05-31T12:00:00Z) or seconds since 1970",
            _ => "a number",
        };
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                value = double.NaN;
                return true;
            case JsonTokenType.Number:
                // Beyond float64's range the reader gives infinity, which nobody wrote.
                return reader.TryGetDouble(out value) && double.IsFinite(value) && (type != ColumnType.Boolean || value is 0 or 1);
            case JsonTokenType.True or JsonTokenType.False when type == ColumnType.Boolean:
                value = reader.TokenType == JsonTokenType.True ? 1 : 0;
                return true;
            case JsonTokenType.String:
                return TryText(reader.GetString().AsSpan().Trim(), type, out value);
            default:
                value = 0;
                return false;
        }
    }

    /// <summary>A value of a text column. False for arrays and objects.</summary>
    public static bool TryText(ref Utf8JsonReader reader, InputLayout input, out string value)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                value = "";
                return true;
            case JsonTokenType.String:
                value = ColumnBuffers.Text(ref reader, input);
                return true;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                value = Encoding.UTF8.GetString(reader.ValueSpan);
                return true;
            default:
                value = "";
                return false;
        }
    }

    /// <summary>The value that was found, for an error: at most 40 characters of it.</summary>
    public static string Found(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.StartObject => "an object",
            JsonTokenType.StartArray => "an array",
            JsonTokenType.String => $"text \"{Shorten(reader.GetString()!)}\"",
            _ => Shorten(Encoding.UTF8.GetString(reader.ValueSpan)),
        };

    private static bool TryText(ReadOnlySpan<char> text, ColumnType type, out double value)
    {
        value = double.NaN;
        if (text.IsEmpty || text.Equals("nan", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if (type == ColumnType.Boolean && bool.TryParse(text, out var flag))
        {
            value = flag ? 1 : 0;
            return true;
        }

        if (type == ColumnType.Timestamp && TryTime(text, out value))
        {
            return true;
        }

        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Plain, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value)
            && (type != ColumnType.Boolean || value is 0 or 1);
    }

    private static bool TryTime(ReadOnlySpan<char> text, out double seconds)
    {
        seconds = double.NaN;
        // Only the year first: 03/04/2026 is March to some and April to others.
        if (text.Length < 10 || text[4] != '-' || text[7] != '-')
        {
            return false;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time))
        {
            return false;
        }

        seconds = (time.UtcTicks - UnixEpoch) / (double)TimeSpan.TicksPerSecond;
        return true;
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : string.Concat(text.AsSpan(0, 40), "…");
}
