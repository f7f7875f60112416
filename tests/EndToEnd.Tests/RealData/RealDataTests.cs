using System.Net.Http.Json;
using System.Text.Json;
using Serverless.Cli.Csv;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Registry;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.RealData;

/// <summary>Public data sets through the whole stack with the default trainer settings: good enough, and answering.</summary>
public sealed class RealDataTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Ai4i2020_WithoutIdsAndLeaks_ReachesAuc096()
    {
        var manifest = await TrainAsync(
            """
            name: ai4i
            data:
              target: Machine failure
              task: binary
              ignore: [UDI, Product ID, TWF, HDF, PWF, OSF, RNF]
            """,
            "ai4i2020.csv"
        );

        Assert.True(manifest.Score.Metrics[MetricNames.Auc] >= 0.96, $"auc {manifest.Score.Metrics[MetricNames.Auc]}");
    }

    [Fact]
    public async Task Adult_WithItsTestFile_ReachesAuc0925()
    {
        var manifest = await TrainAsync(
            """
            name: adult
            data:
              target: income
              task: binary
            """,
            "adult-train.csv",
            "adult-test.csv"
        );

        Assert.True(manifest.Score.Metrics[MetricNames.Auc] >= 0.925, $"auc {manifest.Score.Metrics[MetricNames.Auc]}");
    }

    [Fact]
    public async Task CaliforniaHousing_Regression_ReachesRmse48500()
    {
        var manifest = await TrainAsync(
            """
            name: housing
            data:
              target: medianHouseValue
              task: regression
            """,
            "california-housing.csv"
        );

        Assert.True(manifest.Score.Metrics[MetricNames.Rmse] <= 48_500, $"rmse {manifest.Score.Metrics[MetricNames.Rmse]}");
    }

    [Fact]
    public async Task Optdigits_WithItsTestFile_ReachesAccuracy0945()
    {
        var manifest = await TrainAsync(
            """
            name: optdigits
            data:
              target: digit
              task: multiclass
            """,
            "optdigits-train.csv",
            "optdigits-test.csv"
        );

        Assert.True(manifest.Score.Metrics[MetricNames.Accuracy] >= 0.945, $"accuracy {manifest.Score.Metrics[MetricNames.Accuracy]}");
    }

    private async Task<ModelManifest> TrainAsync(string definition, string file, string? test = null)
    {
        var path = SharedData.Require(file);
        var name = await Stack.PutAsync(definition);
        if (test is not null)
        {
            await using var held = File.OpenRead(SharedData.Require(test));
            await Stack.Api.DropTestAsync(name, test, held, Token);
        }

        await using var content = File.OpenRead(path);
        var run = await Stack.SucceedsAsync(await Stack.DropAsync(definition, file, content, test));
        var version = Assert.NotNull(run.ModelVersion);
        Assert.True(run.Deployed, run.Verdict);
        var manifest = await Stack.Api.ManifestAsync(name, version, Token);
        TestContext.Current.SendDiagnosticMessage($"{name}: {JsonSerializer.Serialize(manifest.Score.Metrics)}");
        await AnswersAsync(manifest, path);
        return manifest;
    }

    /// <summary>One real row gets the same answer from both protocols.</summary>
    private async Task AnswersAsync(ModelManifest manifest, string file)
    {
        var head = string.Join('\n', File.ReadLines(file).Take(2));
        var inputs = manifest.Signature.Inputs;
        var rows = CsvRows.ToJson(head, Path.GetFileName(file), inputs);
        var answer = await Stack.PredictAsync(manifest.Name, manifest.Version, rows);
        var prediction = answer.GetProperty("predictions")[0].GetProperty("prediction");

        using var row = JsonDocument.Parse(rows);
        using var inferred = await Stack.Http.PostAsJsonAsync(
            $"v2/models/{manifest.Name}/infer",
            new
            {
                inputs = inputs.Select(input => new
                {
                    name = input.Name,
                    shape = new[] { 1, 1 },
                    datatype = input.Type == ColumnType.Text ? "BYTES" : "FP64",
                    data = new[] { row.RootElement[0].GetProperty(input.Name) },
                }),
            },
            Token
        );
        var text = await inferred.Content.ReadAsStringAsync(Token);
        Assert.True(inferred.IsSuccessStatusCode, text);
        using var outputs = JsonDocument.Parse(text);
        var same = outputs
            .RootElement.GetProperty("outputs")
            .EnumerateArray()
            .Single(output => output.GetProperty("name").GetString() == "prediction");
        Assert.Equal($"{prediction}", $"{same.GetProperty("data")[0]}");
    }
}
