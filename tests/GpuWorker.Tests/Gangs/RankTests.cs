using Serverless.GpuWorker.Tests.Trainers;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Ranks as real processes that train one model over loopback.</summary>
public sealed class RankTests(ITestOutputHelper output)
{
    private static readonly LightGbmSettings Quick = new()
    {
        Rounds = 60,
        LearningRate = 0.2,
        EarlyStopping = 0,
        Leaves = 15,
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2, PredictionTask.Binary, "label", 1)]
    [InlineData(3, PredictionTask.Multiclass, "kind", 1)]
    [InlineData(4, PredictionTask.Regression, "value", 0.7)]
    public async Task Run_SeveralRanks_HoldTheSameTreesAndAreAsGoodAsOne(int ranks, PredictionTask task, string target, double bagging)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 3000, 31), 31);
        var others = new[] { "label", "kind", "value" }.Where(name => name != target).ToArray();
        var definition = Sessions.Definition(target, task, others).With(Quick with { BaggingFraction = bagging });
        var one = Sessions.Train(definition, files, Cancelled).Validation[Metric(task)];

        await using var group = RankGroup.Start(folder, definition, files, ranks);
        var ended = await group.EndAsync(Cancelled);

        output.WriteLine($"{ranks} ranks {ended.State.BestLoss:0.00000}, one {one:0.00000}; trees {ended.Digests[0]}");
        Assert.Equal(Enumerable.Repeat(Quick.Rounds, ranks), ended.Rounds);
        Assert.Equal(Enumerable.Repeat(ended.Digests[0], ranks), ended.Digests);
        Assert.InRange(ended.State.BestLoss, one * 0.8, one * 1.2);
    }

    [Fact]
    public async Task Run_StopsEarly_TheOthersHoldRank0sTrees()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 2000, 32), 32);
        var definition = Sessions
            .Definition("label", PredictionTask.Binary, "kind", "value")
            .With(Quick with { Rounds = 2000, EarlyStopping = 10 });

        await using var group = RankGroup.Start(folder, definition, files, 3);
        var (state, digests) = await group.StopAsync(Cancelled);

        Assert.InRange(state.Rounds, 17, 1999);
        Assert.True(digests.Keys.Max() >= 16);
        Assert.All(digests.Values, ranks => Assert.Single(ranks.Distinct()));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.7)]
    public async Task Run_BrokenOffAndTakenUp_GivesTheModelOfAnUndisturbedOne(double bagging)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 2000, 33), 33);
        var definition = Sessions
            .Definition("label", PredictionTask.Binary, "kind", "value")
            .With(Quick with { Rounds = 1000, BaggingFraction = bagging });
        await using var undisturbed = RankGroup.Start(folder, definition, files, 2);
        var expected = await undisturbed.EndAsync(Cancelled);

        RankEvent saved;
        await using (var broken = RankGroup.Start(folder, definition, files, 2))
        {
            saved = await broken.SaveAfterAsync(round: 40, Cancelled);
        }

        await using var taken = RankGroup.Start(folder, definition, files, 2, saved);
        var ended = await taken.EndAsync(Cancelled);

        output.WriteLine($"taken up from round {saved.Round}");
        Assert.InRange(saved.Round, 25, 999);
        Assert.Equal(expected.State.Segments, ended.State.Segments);
        Assert.Equal(ended.Digests[0], ended.Digests[1]);
    }

    [Fact]
    public async Task Run_PeerKilled_IsNoticedWithinSeconds()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 2000, 34), 34);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value").With(Quick with { Rounds = 100_000 });
        await using var group = RankGroup.Start(folder, definition, files, 3);
        await group.SaveAfterAsync(round: 5, Cancelled);

        var took = await group.KillAsync(rank: 2, Cancelled);

        output.WriteLine($"noticed after {took.TotalSeconds:0.00} s");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Run_Adult_TwoRanksAreAsGoodAsOne()
    {
        var csv = SharedData.Require("adult-train.csv");
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, csv, 1);
        var definition = Sessions
            .Definition("income", PredictionTask.Binary)
            .With(new LightGbmSettings { Rounds = 150, LearningRate = 0.1 });
        var one = Sessions.Train(definition, files, Cancelled).Validation[MetricNames.LogLoss];

        await using var group = RankGroup.Start(folder, definition, files, 2);
        var ended = await group.EndAsync(Cancelled);

        output.WriteLine($"log-loss: two ranks {ended.State.BestLoss:0.00000}, one {one:0.00000}");
        Assert.Equal(ended.Digests[0], ended.Digests[1]);
        Assert.InRange(ended.State.BestLoss, one - 0.005, one + 0.005);
    }

    private static string Metric(PredictionTask task) => task == PredictionTask.Regression ? MetricNames.Rmse : MetricNames.LogLoss;
}
