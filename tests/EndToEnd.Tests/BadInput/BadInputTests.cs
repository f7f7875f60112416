using System.Text;
using System.Text.Json;
using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.EndToEnd.Tests.BadInput;

/// <summary>
/// Every kind of bad file: a message that says what and where, the file in quarantine with its report, the run failed, the model in
/// production untouched.
/// </summary>
public sealed class BadInputTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private const string Name = "bad-input";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    public static TheoryData<string, string> Files =>
        new()
        {
            { "empty", "empty" },
            { "header-alone", "row" },
            { "binary", "binary" },
            { "ragged", "row" },
            { "wrong-delimiter", "column" },
            { "target-missing", "label" },
            { "target-constant", "label" },
            { "target-all-unique", "label" },
            { "other-type", "'x'" },
            { "infinity", "'x'" },
            { "ten-thousand-columns", "column" },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task BadFile_Dropped_IsRefusedWithAMessageAndKept(string kind, string said)
    {
        await ChampionAsync();
        using var content = new MemoryStream(BadFile.Of(kind));

        var run = await Stack.EndAsync(await Stack.DropAsync(SmallData.Definition(Name), kind + ".csv", content));

        TestContext.Current.SendDiagnosticMessage($"{kind}: {run.Failure}");
        Assert.Equal(RunState.Failed, run.State);
        Assert.Contains(said, run.Failure, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("expected", run.Failure, StringComparison.OrdinalIgnoreCase);
        await KeptAsync(run);
        await UntouchedAsync();
    }

    [Theory]
    [InlineData("targett: label", "target")]
    [InlineData("unknown-trainer", "lightgbm")]
    public async Task BadDefinition_Put_NamesLineAndWhatIsMeant(string mistake, string said)
    {
        await ChampionAsync();
        var yaml =
            mistake == "unknown-trainer"
                ? SmallData.Definition(Name).Replace("lightgbm:", "lightgmb:", StringComparison.Ordinal)
                : SmallData.Definition(Name).Replace("target: label", mistake, StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<ApiException>(() => Stack.Api.PutDefinitionAsync(Name, yaml, Token));

        Assert.Equal(400, refused.Status);
        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.Matches(@"(?i)line|\d+:\d+|\(\d+,", refused.Message);
        await UntouchedAsync();
    }

    /// <summary>The first test of the class brings the champion; for the others its file is the same run.</summary>
    private async Task ChampionAsync()
    {
        var run = await Stack.SucceedsAsync(await Stack.DropAsync(SmallData.Definition(Name), "good.csv", SmallData.Csv(81)));
        Assert.True(run.Deployed);
    }

    private async Task KeptAsync(RunView run)
    {
        var names = new List<string>();
        await foreach (
            var blob in Stack
                .Storage.Container(Containers.Quarantine)
                .GetBlobsAsync(
                    Azure.Storage.Blobs.Models.BlobTraits.None,
                    Azure.Storage.Blobs.Models.BlobStates.None,
                    $"{Name}/{run.RunId}/",
                    Token
                )
        )
        {
            names.Add(blob.Name.Split('/')[^1]);
        }

        Assert.Contains(run.File, names);
        Assert.Contains("report.json", names);
        Assert.Contains("report.html", names);
        using var report = JsonDocument.Parse(await Stack.Http.GetStringAsync($"api/runs/{run.RunId}/report", Token));
        Assert.Equal(JsonValueKind.Object, report.RootElement.ValueKind);
    }

    private async Task UntouchedAsync()
    {
        var model = await Stack.Api.ModelAsync(Name, Token);
        Assert.Equal(1, model.Aliases.Champion);
        Assert.Single(model.Versions);
        await Stack.PredictAsync(Name, 1, SmallData.Row);
    }
}
