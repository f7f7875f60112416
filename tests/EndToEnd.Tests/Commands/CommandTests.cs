using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Definitions;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Commands;

/// <summary>A program of the user's own, from its folder to the answers of its model.</summary>
public sealed class CommandTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Drop_WithACommand_EndsInAServedModelAndItsLog()
    {
        var code = await Stack.Api.PutCodeAsync(TrainerCode.Pack(RepositoryRoot.File("samples", "command-node", "trainer")), Token);
        var definition = Definition("by-command", "run: [node, train.mjs]", code);

        var run = await Stack.SucceedsAsync(await Stack.DropAsync(definition, "a.csv", SmallData.Csv(61)));

        Assert.True(run.Deployed, run.Verdict);
        var answer = await Stack.PredictAsync("by-command", 1, SmallData.Row);
        Assert.Equal("yes", answer.GetProperty("predictions")[0].GetProperty("prediction").GetString());
        var points = await Stack.Api.MetricsAsync(run.RunId, 0, Token);
        Assert.Equal(300, points[^1].Round);
        Assert.All(points, point => Assert.Contains("validation.logLoss", point.Values));
        var log = await Stack.Api.LogAsync(run.RunId, claim: 1, after: 0, Token);
        Assert.Contains("command | validation log-loss", log!.Text, StringComparison.Ordinal);
        Assert.Equal("", (await Stack.Api.LogAsync(run.RunId, claim: 1, log.Next, Token))!.Text);
    }

    [Fact]
    public async Task Drop_WithACommandThatFails_FailsTheRunAtOnceWithItsWords()
    {
        var code = await Stack.Api.PutCodeAsync(TrainerCode.Pack(RepositoryRoot.File("samples", "command-node", "trainer")), Token);
        var definition = Definition("by-failing", "run: [sh, -c, \"echo 'no licence for this' >&2; exit 4\"]", code);

        var run = await Stack.EndAsync(await Stack.DropAsync(definition, "a.csv", SmallData.Csv(62)));

        Assert.Contains("exit code 4", run.Failure, StringComparison.Ordinal);
        Assert.Contains("no licence for this", run.Failure, StringComparison.Ordinal);
        Assert.Null(await Stack.Api.LogAsync(run.RunId, claim: 2, after: 0, Token));
    }

    private static string Definition(string name, string run, string code) =>
        $$"""
            name: {{name}}
            data: { target: label, task: binary }
            training:
              trainers:
                - command: { {{run}}, code: "{{code}}", rows: csv }
            """;
}
