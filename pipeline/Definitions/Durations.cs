using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Pipeline.Definitions;

/// <summary>Durations as people write them: <c>90s</c>, <c>5m</c>, <c>24h</c>, <c>7d</c>.</summary>
public static class Durations
{
    /// <param name="text">A whole number and its unit; the schema has checked it.</param>
    public static TimeSpan Parse(string text)
    {
        var number = long.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => throw new FormatException($"'{text}' is not a duration; expected a whole number and s, m, h or d, such as 5m."),
        };
    }

    internal sealed class Converter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteStringValue($"{(long)value.TotalSeconds}s");
    }
}
