using System.Text.Json;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// The events of a batch that are for one model, as columns: each event is read straight from its bytes into a row. Values count as in a
/// request of predict, but every column must be there: an event has no answer that could carry a warning.
/// </summary>
internal sealed class EventRows : IDisposable
{
    /// <summary>Characters of an id. It is part of the result, which must not outgrow what a hub takes.</summary>
    private const int LongestId = 1000;

    private readonly ModelLayout layout;
    private readonly ColumnBuffers buffers;
    private readonly bool modelIsColumn;
    private readonly bool idIsColumn;
    private readonly int[] seenIn;
    private int stamp;

    public EventRows(ModelLayout layout)
    {
        this.layout = layout;
        buffers = new ColumnBuffers(layout);
        modelIsColumn = layout.IndexOf("model") >= 0;
        idIsColumn = layout.IndexOf("id") >= 0;
        seenIn = new int[layout.Inputs.Length];
    }

    /// <summary>Index of each row's event in the batch.</summary>
    public List<int> Events { get; } = [];

    /// <summary>The id that each row's body carries, or null.</summary>
    public List<string?> BodyIds { get; } = [];

    /// <summary>Valid until disposal.</summary>
    public Datasets.ColumnBatch ToBatch() => buffers.ToBatch();

    /// <summary>Adds the event as a row; a bad one leaves none.</summary>
    /// <exception cref="BadEventException">A value, a column or the body is not what the model takes.</exception>
    /// <exception cref="JsonException">The body is no JSON.</exception>
    public void Add(int index, in StreamEvent streamed)
    {
        buffers.AddRow();
        try
        {
            var id = Read(JsonBody.WithoutMark(streamed.Body.Span), streamed.MessageId is null && !idIsColumn);
            if ((streamed.MessageId ?? id) is { Length: > LongestId } given)
            {
                throw new BadEventException(
                    DeadLetterReason.WrongType,
                    $"The event's id has {given.Length:N0} characters; expected {LongestId:N0} at most."
                );
            }

            Events.Add(index);
            BodyIds.Add(id);
        }
        catch
        {
            buffers.DropRow();
            throw;
        }
    }

    public void Dispose() => buffers.Dispose();

    private string? Read(ReadOnlySpan<byte> body, bool wantsId)
    {
        var reader = new Utf8JsonReader(body, EventEnvelope.Options);
        EventEnvelope.RequireObject(ref reader);
        var row = buffers.Rows - 1;
        var seen = 0;
        stamp++;
        string? id = null;
        var inputs = layout.Inputs;
        for (var expected = 0; reader.Read() && reader.TokenType != JsonTokenType.EndObject; )
        {
            int column;
            if (expected < inputs.Length && reader.ValueTextEquals(inputs[expected].Utf8Name))
            {
                column = expected;
            }
            else if (!modelIsColumn && reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                reader.Skip();
                continue;
            }
            else if (!idIsColumn && reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = wantsId ? IdOf(ref reader) : null;
                reader.Skip();
                continue;
            }
            else if ((column = layout.IndexOf(reader.GetString()!)) < 0)
            {
                // Events carry more than a model takes: other columns are no mistake.
                reader.Read();
                reader.Skip();
                continue;
            }

            reader.Read();
            if (seenIn[column] == stamp)
            {
                throw new BadEventException(
                    DeadLetterReason.DuplicateColumn,
                    $"Column '{inputs[column].Name}' is there twice; expected it once."
                );
            }

            seenIn[column] = stamp;
            seen++;
            Value(ref reader, column, row);
            expected = column + 1;
        }

        // Anything after the object is an error of its own.
        while (reader.Read()) { }
        return seen == inputs.Length ? id : throw Missing();
    }

    private void Value(ref Utf8JsonReader reader, int column, int row)
    {
        var input = layout.Inputs[column];
        var expected = "text";
        if (input.IsText)
        {
            if (PredictValues.TryText(ref reader, input, out var text))
            {
                buffers.Set(column, row, text);
                return;
            }
        }
        else if (PredictValues.TryNumber(ref reader, input.Type, out var number, out expected))
        {
            buffers.Set(column, row, number);
            return;
        }

        throw new BadEventException(
            DeadLetterReason.WrongType,
            $"Column '{input.Name}': found {PredictValues.Found(ref reader)}; expected {expected}, or null where it is missing."
        );
    }

    private static string? IdOf(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.String when reader.GetString() is { Length: > 0 } text => text,
            JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };

    private BadEventException Missing()
    {
        var missing = layout.Inputs.Where((_, column) => seenIn[column] != stamp).Select(input => $"'{input.Name}' ({input.Type})");
        return new BadEventException(
            DeadLetterReason.MissingColumn,
            $"The event lacks {string.Join(", ", missing)}; expected every column of the model, with null where a value is missing."
        );
    }
}
