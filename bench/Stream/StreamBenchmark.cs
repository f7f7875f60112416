using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Serverless.Bench.Frame;
using Serverless.Bench.Infer;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Streaming;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Stream;

/// <summary>JSON in, ONNX, JSON out, against the session alone; then events through a hub, the app and another hub.</summary>
internal sealed class StreamBenchmark : IBenchmark
{
    private const int Seed = 20260531;
    private const int Rounds = 15;

    /// <summary>Rows that are gone through before one comes again, so that no batch is found warm.</summary>
    private const int FreshRows = 64 * 1024;

    public string Name => "stream";

    public string About =>
        "streaming inference: batches of JSON events against bare InferenceSession.Run, and end to end through the broker";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var bytes = BenchModel.Create(Seed);
        var models = new FakeModels();
        models.Deploy("bench", 1, (BenchModel.Signature, bytes));
        return [.. await ScoringAsync(models, bytes, cancellationToken), .. await new EndToEnd(models, Seed).RunAsync(cancellationToken)];
    }

    private static async Task<IReadOnlyList<Figure>> ScoringAsync(FakeModels models, byte[] bytes, CancellationToken cancellationToken)
    {
        using var bare = new BareSession(bytes);
        using var host = new ModelHost(models, new ServingOptions(), TimeProvider.System, NullLogger<ModelHost>.Instance);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var scorer = Scorer(host, services.GetRequiredService<IMeterFactory>());
        var figures = new List<Figure>();
        foreach (var rows in (int[])[1, 64, 256, 1000, 4096])
        {
            var batches = Math.Max(1, FreshRows / rows);
            var events = new EventBatch[batches];
            var tensors = new OrtValue[batches][];
            for (var i = 0; i < batches; i++)
            {
                var data = new BenchRows(rows, Seed + i);
                events[i] = BenchEvents.Of(data, "bench");
                tensors[i] = BareSession.Fill(data.Columns);
            }

            await RequireEqualAsync(scorer, events[0], bare.Run(tensors[0]), cancellationToken);
            var (ours, reference) = (0, 0);
            var seconds = await Frame.Rounds.MedianSecondsAsync(
                Rounds,
                Math.Max(1, 16 * 1024 / rows),
                () => scorer.ScoreAsync(events[ours++ % batches], cancellationToken),
                () =>
                {
                    bare.Run(tensors[reference++ % batches]);
                    return Task.CompletedTask;
                }
            );
            foreach (var value in tensors.SelectMany(all => all))
            {
                value.Dispose();
            }

            figures.Add(
                new(
                    $"stream/{rows:N0} events a batch: JSON in, ONNX, JSON out, against bare InferenceSession.Run on tensors that lie ready",
                    rows / seconds[0],
                    rows / seconds[1],
                    "/s"
                )
            );
        }

        return figures;
    }

    private static StreamScorer Scorer(ModelHost host, IMeterFactory meters)
    {
        var options = new StreamingOptions();
        var metrics = new StreamMetrics(meters);
        // No event is bad here: nothing is written.
        var storage = StorageClients.FromConnectionString("UseDevelopmentStorage=true");
        var letters = new DeadLetterStore(storage, options, metrics, TimeProvider.System, NullLogger<DeadLetterStore>.Instance);
        return new StreamScorer(host, options, letters, metrics, TimeProvider.System, NullLogger<StreamScorer>.Instance);
    }

    /// <summary>What is compared must do the same: the results are the bare session's.</summary>
    private static async Task RequireEqualAsync(
        StreamScorer scorer,
        EventBatch batch,
        double[] expected,
        CancellationToken cancellationToken
    )
    {
        var scored = await scorer.ScoreAsync(batch, cancellationToken);
        for (var row = 0; row < batch.Events.Count; row++)
        {
            using var json = System.Text.Json.JsonDocument.Parse(scored.Predictions[row]);
            var probability = json.RootElement.GetProperty("probability").GetDouble();
            if (Math.Abs(probability - expected[(row * 2) + 1]) > 1e-12)
            {
                throw new InvalidOperationException($"Row {row}: {probability}; the session says {expected[(row * 2) + 1]}.");
            }
        }
    }
}
