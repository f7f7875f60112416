using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;

namespace Serverless.Bench.Infer;

/// <summary>
/// The reference over HTTP: what a .NET developer writes for one known model, a minimal API with typed rows, source-generated JSON and
/// the same session. It has no key, no versions, no checks and no answer to anything that is wrong.
/// </summary>
internal static class PlainEndpoint
{
    public static async Task<(WebApplication App, Uri Address)> StartAsync(BareSession session, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, PlainJson.Default));
        var app = builder.Build();
        app.MapPost("/predict", (PlainRow[] rows) => Predict(session, rows));
        await app.StartAsync(cancellationToken);
        return (app, new Uri(app.Urls.First()));
    }

    private static PlainAnswer Predict(BareSession session, PlainRow[] rows)
    {
        var batch = new ColumnBatch(
            rows.Length,
            [
                new ColumnValues("Type", Array.ConvertAll(rows, row => row.Type)),
                Numbers(rows, "Air temperature [K]", row => row.Air),
                Numbers(rows, "Process temperature [K]", row => row.Process),
                Numbers(rows, "Rotational speed [rpm]", row => row.Speed),
                Numbers(rows, "Torque [Nm]", row => row.Torque),
                Numbers(rows, "Tool wear [min]", row => row.Wear),
            ]
        );
        var inputs = BareSession.Fill(batch);
        var probabilities = session.Run(inputs);
        Array.ForEach(inputs, input => input.Dispose());
        var predictions = new PlainPrediction[rows.Length];
        for (var row = 0; row < rows.Length; row++)
        {
            var positive = probabilities[(row * 2) + 1];
            predictions[row] = new(
                positive > 0.5 ? 1 : 0,
                positive,
                new Dictionary<string, double> { ["0"] = probabilities[row * 2], ["1"] = positive }
            );
        }

        return new PlainAnswer("bench", 1, predictions);
    }

    private static ColumnValues Numbers(PlainRow[] rows, string name, Converter<PlainRow, double> value) =>
        new(name, ColumnType.Number, Array.ConvertAll(rows, value));
}

internal sealed record PlainRow(
    string Type,
    [property: JsonPropertyName("Air temperature [K]")] double Air,
    [property: JsonPropertyName("Process temperature [K]")] double Process,
    [property: JsonPropertyName("Rotational speed [rpm]")] double Speed,
    [property: JsonPropertyName("Torque [Nm]")] double Torque,
    [property: JsonPropertyName("Tool wear [min]")] double Wear
);

internal sealed record PlainPrediction(int Prediction, double Probability, Dictionary<string, double> Probabilities);

internal sealed record PlainAnswer(string Model, int Version, PlainPrediction[] Predictions);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PlainRow[]))]
[JsonSerializable(typeof(PlainAnswer))]
internal sealed partial class PlainJson : JsonSerializerContext;
