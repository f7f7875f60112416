using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Faults;

/// <summary>The whole way of a file while storage fails, stops, and is killed under the app and the worker.</summary>
public sealed class StorageFaultTests(ITestOutputHelper output)
{
    private const int SoakRounds = 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Run_StorageFailsAtRandom_EndsInOneModel() => FailAtRandomAsync(seed: 4712, probability: 0.05, rounds: 1);

    [Fact]
    [Trait("Category", "Soak")]
    public Task Run_StorageFailsAtRandomTenTimes_EndsInOneModelEachTime()
    {
        SkipUnlessSoak();
        return FailAtRandomAsync(seed: 4800, probability: 0.1, SoakRounds);
    }

    [Fact]
    public Task Run_StorageStoppedAndStartedInTraining_EndsInOneModel() => InterruptAsync([Stages.Train], kill: false);

    [Fact]
    public Task Run_StorageKilledInTraining_EndsInOneModel() => InterruptAsync([Stages.Train], kill: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Category", "Soak")]
    public Task Run_StorageInterruptedInEveryStage_EndsInOneModelEachTime(bool kill)
    {
        SkipUnlessSoak();
        return InterruptAsync([Stages.Ingest, Stages.Train, Stages.Train, Stages.Evaluate, Stages.Register, Stages.Deploy], kill);
    }

    private static void SkipUnlessSoak() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "Set SOAK=1 to run the long fault tests.");

    private async Task FailAtRandomAsync(int seed, double probability, int rounds)
    {
        output.WriteLine($"seed {seed}, probability {probability}");
        FaultyStorage? faulty = null;
        await using var stack = await TestStack.StartAsync(
            between: async (azurite, token) => (faulty = await FaultyStorage.StartAsync(azurite, token)).ConnectionString
        );
        await using var storage = faulty!;
        for (var round = 0; round < rounds; round++)
        {
            var name = await stack.PutAsync(SmallData.Definition($"at-random-{round}"));
            storage.FailAtRandom(seed + round, probability);
            await stack.UploadAsync(name, "a.csv", SmallData.Csv(60 + round));

            await EndsInOneModelAsync(stack, name);
            storage.Choose = _ => StorageFault.None;
            await stack.PredictAsync(name, 1, SmallData.Row);
        }

        output.WriteLine(storage.Summary);
        Assert.True(storage.Count(StorageFault.CutAfter) > 0, "no answer was lost: choose another seed");
    }

    /// <summary>One run a stage; what its user has stored is on the disk before the interruption.</summary>
    private async Task InterruptAsync(string[] stages, bool kill)
    {
        await using var stack = await TestStack.StartAsync();
        for (var round = 0; round < stages.Length; round++)
        {
            // Long enough to be met in the middle.
            var definition = SmallData
                .Definition($"interrupted-{round}")
                .Replace("rounds: 40", "rounds: 300, earlyStopping: 0", StringComparison.Ordinal);
            var name = await stack.PutAsync(definition);
            await stack.Local.App.KillAsync();
            await stack.UploadAsync(name, "a.csv", SmallData.Csv(80 + round, rows: 8_000));
            await stack.Local.Azurite.RestartAsync(Token);
            await stack.Local.App.StartAsync(Token);
            var run = await stack.OnlyRunAsync(name);
            await ReachesAsync(stack, run.RunId, stages[round]);

            if (kill)
                await stack.Local.Azurite.KillAsync();
            await stack.Local.Azurite.RestartAsync(Token);

            await EndsInOneModelAsync(stack, name);
            await stack.PredictAsync(name, 1, SmallData.Row);
            output.WriteLine($"{(kill ? "killed" : "stopped")} in {stages[round]}");
        }
    }

    /// <summary>A short stage may be over before it is seen.</summary>
    private static Task ReachesAsync(TestStack stack, string runId, string stage) =>
        Eventually.HoldsAsync(
            async () =>
                await stack.TryRunAsync(runId) is { } run && run.Stages.Any(s => s.Name == stage && s.State is not StageState.Waiting),
            $"run {runId} to come to stage {stage}",
            Token,
            TimeSpan.FromMinutes(2)
        );

    private static async Task EndsInOneModelAsync(TestStack stack, string name)
    {
        var run = await stack.SucceedsAsync((await stack.OnlyRunAsync(name)).RunId);
        Assert.True(run.Deployed, run.Verdict);
        var model = await Eventually.GivesAsync(
            async () =>
            {
                try
                {
                    return await stack.Api.ModelAsync(name, Token);
                }
                catch (Serverless.Cli.Api.ApiException away) when (away.Status is 0 or 500 or 503)
                {
                    return null;
                }
            },
            $"model {name}",
            Token
        );
        Assert.Equal(1, Assert.Single(model.Versions).Version);
        Assert.Equal(1, model.Aliases.Champion);
    }
}
