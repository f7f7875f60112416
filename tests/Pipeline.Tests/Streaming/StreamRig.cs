using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Streaming;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Streaming;

/// <summary>A scorer over tiny models, and dead letters in a real container.</summary>
internal sealed class StreamRig : IDisposable
{
    public const string Hub = "telemetry";

    /// <summary>Half a second in the past: what the hub said when it took the events.</summary>
    public static readonly DateTimeOffset Enqueued = new(2026, 5, 31, 12, 0, 0, 250, TimeSpan.Zero);

    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly StorageClients storage;

    public StreamRig(StorageClients storage, StreamingOptions? options = null, TimeProvider? time = null)
    {
        this.storage = storage;
        options ??= new StreamingOptions();
        Models.Deploy("failures", 3, TinyModel.Binary());
        Models.Deploy("prices", 1, TinyModel.Regression());
        Host = new ModelHost(Models, new ServingOptions(), TimeProvider.System, NullLogger<ModelHost>.Instance);
        var metrics = new StreamMetrics(services.GetRequiredService<IMeterFactory>());
        var clock = time ?? TimeProvider.System;
        var letters = new DeadLetterStore(storage, options, metrics, clock, NullLogger<DeadLetterStore>.Instance);
        Scorer = new StreamScorer(Host, options, letters, metrics, clock, NullLogger<StreamScorer>.Instance);
    }

    public FakeModels Models { get; } = new();

    public ModelHost Host { get; }

    public StreamScorer Scorer { get; }

    public IMeterFactory Meters => services.GetRequiredService<IMeterFactory>();

    public static StreamEvent Event(string body, long sequence = 0, string? messageId = null, string? model = null) =>
        Event(Encoding.UTF8.GetBytes(body), sequence, messageId, model);

    public static StreamEvent Event(byte[] body, long sequence = 0, string? messageId = null, string? model = null) =>
        new()
        {
            Body = body,
            SequenceNumber = sequence,
            Offset = $"{sequence * 100}",
            EnqueuedAt = Enqueued.AddMilliseconds(sequence),
            MessageId = messageId,
            Model = model,
        };

    public static string Failure(double torque, string type = "L", string more = "") =>
        $$"""{"model":"failures",{{more}}"Type":"{{type}}","Torque [Nm]":{{JsonSerializer.Serialize(torque)}}}""";

    public Task<ScoredBatch> ScoreAsync(params StreamEvent[] events) => ScoreAsync("0", events);

    public Task<ScoredBatch> ScoreAsync(string partition, params StreamEvent[] events) =>
        Scorer.ScoreAsync(new EventBatch(Hub, partition, events), TestContext.Current.CancellationToken);

    /// <summary>Every line of every dead letter of a partition.</summary>
    public async Task<List<JsonNode>> DeadLettersAsync(string partition)
    {
        var token = TestContext.Current.CancellationToken;
        var container = storage.Container(Containers.DeadLetter);
        var lines = new List<JsonNode>();
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{Hub}/{partition}/", token))
        {
            var content = (await container.GetBlobClient(blob.Name).DownloadContentAsync(token)).Value.Content.ToString();
            lines.AddRange(content.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!));
        }

        return lines;
    }

    public void Dispose()
    {
        Host.Dispose();
        services.Dispose();
    }
}
