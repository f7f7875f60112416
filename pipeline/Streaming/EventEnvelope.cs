using System.Text.Json;

namespace Serverless.Pipeline.Streaming;

/// <summary>Which model an event is for: the application property, else the property <c>model</c> of the body.</summary>
internal static class EventEnvelope
{
    public static readonly JsonReaderOptions Options = new() { MaxDepth = 32 };

    /// <param name="streamed">The event.</param>
    /// <param name="last">The model of the event before, most likely the same: its name is not made anew.</param>
    /// <exception cref="BadEventException">The body is no JSON object, or names no model.</exception>
    /// <exception cref="JsonException">The body is no JSON.</exception>
    public static string ModelOf(in StreamEvent streamed, string? last)
    {
        if (streamed.Model is { Length: > 0 } given)
        {
            return given;
        }

        var reader = new Utf8JsonReader(Serving.JsonBody.WithoutMark(streamed.Body.Span), Options);
        RequireObject(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals("model"u8);
            reader.Read();
            if (!found)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType != JsonTokenType.String)
            {
                throw new BadEventException(
                    DeadLetterReason.NoModel,
                    $"Property 'model' is {Serving.PredictValues.Found(ref reader)}; expected the name of a model as text."
                );
            }

            return last is not null && reader.ValueTextEquals(last) ? last : reader.GetString()!;
        }

        throw new BadEventException(
            DeadLetterReason.NoModel,
            "The event names no model; expected a property 'model' in the body, or the application property 'model'."
        );
    }

    public static void RequireObject(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new BadEventException(
                DeadLetterReason.NotJson,
                $"The body is {Serving.PredictValues.Found(ref reader)}; expected one JSON object {{\"model\": \"...\", \"column\": value, ...}}."
            );
        }
    }
}
