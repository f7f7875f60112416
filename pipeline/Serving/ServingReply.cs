using System.Text.Encodings.Web;
using System.Text.Json;

namespace Serverless.Pipeline.Serving;

/// <summary>An answer as JSON bytes, without a word of HTTP but its status.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Body">To be disposed by whoever sends it.</param>
public sealed record ServingReply(int Status, PooledBuffer Body) : IDisposable
{
    internal static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // The tests hold the shapes; checking every token again would cost a third of the writing.
        SkipValidation = true,
    };

    public void Dispose() => Body.Dispose();

    internal static ServingReply Write<T>(int status, T state, Action<Utf8JsonWriter, T> write)
    {
        var body = new PooledBuffer();
        try
        {
            using var writer = new Utf8JsonWriter(body, WriterOptions);
            write(writer, state);
            writer.Flush();
            return new ServingReply(status, body);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    internal static ServingReply Error(ServingException error) =>
        Write(
            error.Status,
            error,
            static (writer, error) =>
            {
                writer.WriteStartObject();
                writer.WriteString("error"u8, error.Message);
                if (error.Errors.Count > 1)
                {
                    writer.WriteStartArray("errors"u8);
                    foreach (var one in error.Errors)
                    {
                        writer.WriteStringValue(one);
                    }

                    writer.WriteEndArray();
                }

                writer.WriteEndObject();
            }
        );
}
