using System.Globalization;
using System.Text;
using System.Text.Json;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>Writes the results and alerts of one model's rows: one JSON document an event. What all of them share is encoded once.</summary>
internal sealed class ResultWriter : IDisposable
{
    private readonly PooledBuffer buffer = new();
    private readonly Utf8JsonWriter writer;
    private readonly ModelLease model;
    private readonly Predictions predictions;
    private readonly EventBatch batch;
    private readonly JsonEncodedText name;
    private readonly JsonEncodedText runId;
    private readonly JsonEncodedText dataVersion;
    private readonly JsonEncodedText partition;

    public ResultWriter(EventBatch batch, ModelLease model, Predictions predictions)
    {
        (this.batch, this.model, this.predictions) = (batch, model, predictions);
        writer = new Utf8JsonWriter(buffer, ServingReply.WriterOptions);
        name = Encode(model.Manifest.Name);
        runId = Encode(model.Manifest.RunId);
        dataVersion = Encode(model.Manifest.DataVersion);
        partition = Encode(batch.Partition);
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
        writer.WriteString("dataVersion"u8, dataVersion);
        PredictWriter.WritePrediction(writer, model.Layout, predictions, row);
        return End();
    }

    public string Alert(in StreamEvent streamed, string? bodyId, double score, double threshold)
    {
        Begin(streamed, bodyId);
        writer.WriteNumber("score"u8, score);
        writer.WriteNumber("threshold"u8, threshold);
        return End();
    }

    public void Dispose()
    {
        writer.Dispose();
        buffer.Dispose();
    }

    private void Begin(in StreamEvent streamed, string? bodyId)
    {
        var id = ResultId(batch.Partition, streamed);
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("eventId"u8, streamed.MessageId ?? bodyId ?? id);
        writer.WriteString("model"u8, name);
        writer.WriteNumber("version"u8, model.Manifest.Version);
        writer.WriteString("runId"u8, runId);
        writer.WriteString("partition"u8, partition);
        writer.WriteNumber("sequenceNumber"u8, streamed.SequenceNumber);
        writer.WriteString("enqueuedAt"u8, streamed.EnqueuedAt.UtcDateTime);
    }

    private string End()
    {
        writer.WriteEndObject();
        writer.Flush();
        var text = Encoding.UTF8.GetString(buffer.Written.Span);
        buffer.Clear();
        writer.Reset();
        return text;
    }

    private static JsonEncodedText Encode(string text) => JsonEncodedText.Encode(text, PipelineJson.Compact.Encoder);
}
