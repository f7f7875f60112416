using System.Net.Http.Headers;
using System.Text.Json;
using Serverless.Bench.Frame;
using Serverless.Functions.Tests.Serving;
using Serverless.Pipeline.Serving;
using Serverless.Testing.Serving;

namespace Serverless.Bench.Infer;

/// <summary>One row and 1,000 rows: through the app over HTTP, against the bare session and against a minimal endpoint.</summary>
internal sealed class InferBenchmark : IBenchmark
{
    private const int Seed = 20260531;
    private const int Rounds = 21;

    public string Name => "infer";

    public string About => "predictions over HTTP against bare InferenceSession.Run and a minimal ASP.NET endpoint (200 trees, 6 columns)";

    public async Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken)
    {
        var bytes = BenchModel.Create(Seed);
        var models = new FakeModels();
        models.Deploy("bench", 1, (BenchModel.Signature, bytes));
        using var bare = new BareSession(bytes);
        using var ours = OnnxModel.Load(bytes, BenchModel.Signature);
        await using var app = await ServingApp.StartAsync(models, cancellationToken);
        var (plain, plainAddress) = await PlainEndpoint.StartAsync(bare, cancellationToken);
        await using var _ = plain;
        using var plainClient = new HttpClient { BaseAddress = plainAddress };
        var figures = new List<Figure>();
        foreach (var (rows, repeats) in ((int, int)[])[(1, 400), (1000, 20)])
        {
            var data = new BenchRows(rows, Seed);
            var inputs = BareSession.Fill(data.Columns);
            await RequireEqualAsync(app.Client, plainClient, data, bare.Run(inputs), cancellationToken);
            var seconds = await Frame.Rounds.MedianSecondsAsync(
                Rounds,
                repeats,
                () => PostAsync(app.Client, "/api/models/bench/predict", data.Json, cancellationToken),
                () => PostAsync(plainClient, "/predict", data.Json, cancellationToken),
                () => Run(() => bare.Run(inputs)),
                () => Run(() => ours.Score(data.Columns))
            );
            Array.ForEach(inputs, input => input.Dispose());
            var what = rows == 1 ? "1 row" : $"{rows:N0} rows";
            var micro = Array.ConvertAll(seconds, second => second * 1e6);
            figures.Add(new($"infer/{what} over HTTP against bare InferenceSession.Run", micro[0], micro[2], "µs"));
            figures.Add(new($"infer/{what} over HTTP against a minimal ASP.NET endpoint", micro[0], micro[1], "µs"));
            figures.Add(
                new($"infer/{what} in process, texts filled, against bare InferenceSession.Run on filled tensors", micro[3], micro[2], "µs")
            );
        }

        return figures;
    }

    /// <summary>What is compared must do the same: both answers are the bare session's.</summary>
    private static async Task RequireEqualAsync(
        HttpClient app,
        HttpClient plain,
        BenchRows data,
        double[] expected,
        CancellationToken cancellationToken
    )
    {
        foreach (var (client, path) in ((HttpClient, string)[])[(app, "/api/models/bench/predict"), (plain, "/predict")])
        {
            using var json = JsonDocument.Parse(await PostAsync(client, path, data.Json, cancellationToken));
            var row = 0;
            foreach (var prediction in json.RootElement.GetProperty("predictions").EnumerateArray())
            {
                var probability = prediction.GetProperty("probability").GetDouble();
                if (Math.Abs(probability - expected[(row * 2) + 1]) > 1e-12)
                {
                    throw new InvalidOperationException($"{path}, row {row}: {probability}; the session says {expected[(row * 2) + 1]}.");
                }

                row++;
            }

            if (row != data.Columns.Rows)
            {
                throw new InvalidOperationException($"{path} answered {row} rows of {data.Columns.Rows}.");
            }
        }
    }

    private static async Task<byte[]> PostAsync(HttpClient client, string path, byte[] json, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(json);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await client.PostAsync(path, content, cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        return answer.IsSuccessStatusCode
            ? body
            : throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body)}");
    }

    private static Task Run<T>(Func<T> work)
    {
        work();
        return Task.CompletedTask;
    }
}
