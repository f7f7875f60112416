using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// Writes the results and alerts of one model's rows: one JSON document an event. What all of them share is encoded once and copied; a
/// writer that encodes every name of every row takes twice as long.
/// </summary>
internal sealed class ResultWriter : IDisposable
{
    /// <summary>What no encoder of JSON changes.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/ "
    );

    private readonly PooledBuffer buffer = new();
    private readonly Utf8JsonWriter writer;
    private readonly ModelLease model;
    private readonly Predictions predictions;
    private readonly string partition;
    private readonly bool partitionIsPlain;
    private readonly byte[] modelPart;
    private readonly byte[] dataPart;
    private readonly byte[] tracePart;
    private readonly byte[][] probabilityNames;

    /// <param name="batch">What is written about.</param>
    /// <param name="model">What scored it.</param>
    /// <param name="predictions">Its scores.</param>
    /// <param name="traceParent">W3C <c>traceparent</c> of the batch; null where it is not traced, and then results have none.</param>
    public ResultWriter(EventBatch batch, ModelLease model, Predictions predictions, string? traceParent)
    {
        (this.model, this.predictions, partition) = (model, predictions, batch.Partition);
        partitionIsPlain = IsPlain(partition);
        writer = new Utf8JsonWriter(buffer, ServingReply.WriterOptions);
        var manifest = model.Manifest;
        modelPart = Encoding.UTF8.GetBytes(
            string.Create(
                CultureInfo.InvariantCulture,
                $",\"model\":{Json(manifest.Name)},\"version\":{manifest.Version},\"runId\":{Json(manifest.RunId)},\"partition\":{Json(partition)},\"sequenceNumber\":"
            )
        );
        dataPart = Encoding.UTF8.GetBytes($",\"dataVersion\":{Json(manifest.DataVersion)},\"prediction\":");
        tracePart = traceParent is null ? [] : Encoding.UTF8.GetBytes($",\"traceParent\":{Json(traceParent)}");
        probabilityNames = [.. model.Layout.ClassNames.Select((name, i) => Encoding.UTF8.GetBytes($"{(i == 0 ? "" : ",")}\"{name}\":"))];
    }

    /// <summary>
    /// The same at every delivery of an event, and another for another event, also of a hub that was made anew: partition, sequence number and
    /// the time in milliseconds at which the hub took it.
    /// </summary>
    public static string ResultId(string partition, in StreamEvent streamed) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{partition}-{streamed.SequenceNumber}-{streamed.EnqueuedAt.ToUnixTimeMilliseconds():x}"
        );

    /// <summary>What a threshold is compared with: the probability of the positive class, or the predicted number; NaN for many classes.</summary>
    public double Score(int row) =>
        predictions.Values is { } values ? values[row]
        : model.Layout.IsBinary ? predictions.Probabilities![(row * 2) + 1]
        : double.NaN;

    public string Prediction(int row, in StreamEvent streamed, string? bodyId)
    {
        Begin(streamed, bodyId);
        Raw(dataPart);
        if (predictions.Values is { } values)
        {
            Number(values[row]);
        }
        else
        {
            Classes(row);
        }

        return End();
    }

    public string Alert(in StreamEvent streamed, string? bodyId, double score, double threshold)
    {
        Begin(streamed, bodyId);
        Raw(",\"score\":"u8);
        Number(score);
        Raw(",\"threshold\":"u8);
        Number(threshold);
        return End();
    }

    public void Dispose()
    {
        writer.Dispose();
        buffer.Dispose();
    }

    private void Begin(in StreamEvent streamed, string? bodyId)
    {
        Raw("{\"id\":"u8);
        Id(streamed);
        Raw(",\"eventId\":"u8);
        if ((streamed.MessageId ?? bodyId) is { } eventId)
        {
            Text(eventId);
        }
        else
        {
            Id(streamed);
        }

        Raw(modelPart);
        var span = buffer.GetSpan(32);
        Utf8Formatter.TryFormat(streamed.SequenceNumber, span, out var written);
        buffer.Advance(written);
        Raw(",\"enqueuedAt\":\""u8);
        span = buffer.GetSpan(40);
        streamed.EnqueuedAt.UtcDateTime.TryFormat(span, out written, "O", CultureInfo.InvariantCulture);
        buffer.Advance(written);
        Raw("\""u8);
    }

    private void Classes(int row)
    {
        var classes = probabilityNames.Length;
        var probabilities = predictions.Probabilities.AsSpan(row * classes, classes);
        Raw(model.Layout.ClassLiterals[predictions.Labels![row]]);
        var positive = default(Range);
        if (model.Layout.IsBinary)
        {
            Raw(",\"probability\":"u8);
            var start = buffer.Length;
            Number(probabilities[1]);
            positive = start..buffer.Length;
        }

        Raw(",\"probabilities\":{"u8);
        for (var i = 0; i < classes; i++)
        {
            Raw(probabilityNames[i]);
            if (i == 1 && model.Layout.IsBinary)
            {
                // Finding the shortest digits of a double is dear: once is enough. Room first, since growing moves what is copied.
                buffer.GetSpan(positive.End.Value - positive.Start.Value);
                Raw(buffer.Written.Span[positive]);
            }
            else
            {
                Number(probabilities[i]);
            }
        }

        Raw("}"u8);
    }

    private string End()
    {
        Raw(tracePart);
        Raw("}"u8);
        var text = Encoding.UTF8.GetString(buffer.Written.Span);
        buffer.Clear();
        return text;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(buffer.GetSpan(bytes.Length));
        buffer.Advance(bytes.Length);
    }

    /// <summary>JSON has no NaN and no infinity: they are written as null.</summary>
    private void Number(double value)
    {
        if (!double.IsFinite(value))
        {
            Raw("null"u8);
            return;
        }

        var span = buffer.GetSpan(32);
        value.TryFormat(span, out var written, default, CultureInfo.InvariantCulture);
        buffer.Advance(written);
    }

    /// <summary><see cref="ResultId"/> as JSON.</summary>
    private void Id(in StreamEvent streamed)
    {
        if (!partitionIsPlain)
        {
            Text(ResultId(partition, streamed));
            return;
        }

        var span = buffer.GetSpan(partition.Length + 40);
        var milliseconds = streamed.EnqueuedAt.ToUnixTimeMilliseconds();
        Utf8.TryWrite(span, CultureInfo.InvariantCulture, $"\"{partition}-{streamed.SequenceNumber}-{milliseconds:x}\"", out var written);
        buffer.Advance(written);
    }

    /// <summary>Ids come from outside: whatever they hold is escaped.</summary>
    private void Text(string text)
    {
        if (IsPlain(text))
        {
            var span = buffer.GetSpan(text.Length + 2);
            span[0] = (byte)'"';
            Encoding.ASCII.GetBytes(text, span[1..]);
            span[text.Length + 1] = (byte)'"';
            buffer.Advance(text.Length + 2);
            return;
        }

        writer.WriteStringValue(text);
        writer.Flush();
        writer.Reset();
    }

    private static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExcept(Plain);

    private static string Json(string text) => JsonSerializer.Serialize(text, PipelineJson.Compact);
}
