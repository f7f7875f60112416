using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// Keeps what could not be scored: blob <c>{hub}/{partition}/{time}-{first}-{last}.jsonl</c>, a line an event. A redelivered batch writes the
/// same blob again; one that was cut otherwise writes another, and no line is ever replaced by fewer.
/// </summary>
public sealed partial class DeadLetterStore(
    StorageClients storage,
    StreamingOptions options,
    StreamMetrics metrics,
    TimeProvider time,
    ILogger<DeadLetterStore> logger
)
{
    private const int Told = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly BlobUploadOptions Upload = new() { HttpHeaders = new BlobHttpHeaders { ContentType = "application/x-ndjson" } };
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes the letters of one batch, and tries for <see cref="StreamingOptions.DeadLetterWait"/> while storage does not take them; then
    /// their positions are logged. Throws on cancellation alone.
    /// </summary>
    public async Task WriteAsync(string hub, string partition, IReadOnlyList<DeadLetter> letters, CancellationToken cancellationToken)
    {
        foreach (var reason in letters.GroupBy(letter => letter.Reason, StringComparer.Ordinal))
        {
            metrics.Failed(reason.Key, reason.Count());
        }

        var blob = Blob(hub, partition, letters);
        var content = BinaryData.FromBytes(Lines(hub, partition, letters));
        using var limit = new CancellationTokenSource(options.DeadLetterWait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        Exception? last = null;
        while (!both.IsCancellationRequested)
        {
            try
            {
                await storage.Container(Containers.DeadLetter).GetBlobClient(blob).UploadAsync(content, Upload, both.Token);
                SetAside(logger, letters.Count, $"{Containers.DeadLetter}/{blob}", letters[0].Reason, letters[0].Detail);
                return;
            }
            catch (Exception failed) when (!cancellationToken.IsCancellationRequested)
            {
                last = failed is OperationCanceledException ? last ?? failed : failed;
                await Task.Delay(Pause, time, both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        metrics.Failed("deadletter-unwritable", letters.Count);
        var positions = string.Join("; ", letters.Take(Told).Select(Position)) + (letters.Count > Told ? "; ..." : "");
        NotWritten(logger, letters.Count, Containers.DeadLetter, options.DeadLetterWait, hub, partition, positions, last);
    }

    internal static string Blob(string hub, string partition, IReadOnlyList<DeadLetter> letters)
    {
        var (first, last) = (letters[0].Event, letters[^1].Event);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{hub}/{partition}/{first.EnqueuedAt.UtcDateTime:yyyyMMdd'T'HHmmssfff'Z'}-{first.SequenceNumber}-{last.SequenceNumber}.jsonl"
        );
    }

    private static byte[] Lines(string hub, string partition, IReadOnlyList<DeadLetter> letters)
    {
        var lines = new MemoryStream();
        foreach (var letter in letters)
        {
            using (var writer = new Utf8JsonWriter(lines, Writing))
            {
                Write(writer, hub, partition, letter);
            }

            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, string hub, string partition, DeadLetter letter)
    {
        writer.WriteStartObject();
        writer.WriteString("reason"u8, letter.Reason);
        writer.WriteString("detail"u8, letter.Detail);
        writer.WriteString("hub"u8, hub);
        writer.WriteString("partition"u8, partition);
        writer.WriteNumber("sequenceNumber"u8, letter.Event.SequenceNumber);
        writer.WriteString("offset"u8, letter.Event.Offset);
        writer.WriteString("enqueuedAt"u8, letter.Event.EnqueuedAt.UtcDateTime);
        if (letter.Event.MessageId is { } id)
        {
            writer.WriteString("messageId"u8, id);
        }

        if (letter.Model is { } model)
        {
            writer.WriteString("model"u8, model);
        }

        if (System.Text.Unicode.Utf8.IsValid(letter.Event.Body.Span))
        {
            writer.WriteString("body"u8, letter.Event.Body.Span);
        }
        else
        {
            writer.WriteBase64String("bodyBase64"u8, letter.Event.Body.Span);
        }

        writer.WriteEndObject();
    }

    private static string Position(DeadLetter letter) =>
        string.Create(CultureInfo.InvariantCulture, $"{letter.Event.SequenceNumber} (offset {letter.Event.Offset}, {letter.Reason})");

    [LoggerMessage(60, LogLevel.Warning, "{Count} events were set aside in {Blob}; the first is {Reason}: {Detail}")]
    private static partial void SetAside(ILogger logger, int count, string blob, string reason, string detail);

    [LoggerMessage(
        61,
        LogLevel.Error,
        "{Count} dead letters could not be written to container {Container} within {Wait}; the partition goes on. Hub {Hub}, partition {Partition} keeps the events "
            + "for its retention, at sequence numbers {Positions}. Mend the container and send them again"
    )]
    private static partial void NotWritten(
        ILogger logger,
        int count,
        string container,
        TimeSpan wait,
        string hub,
        string partition,
        string positions,
        Exception? exception
    );
}
