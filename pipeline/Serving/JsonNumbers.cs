using System.Text.Json;

namespace Serverless.Pipeline.Serving;

internal static class JsonNumbers
{
    /// <summary>JSON has no NaN and no infinity: they are written as null.</summary>
    public static void WriteNumber(this Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
