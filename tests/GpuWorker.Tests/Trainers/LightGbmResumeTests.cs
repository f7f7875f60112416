using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>An interrupted training gives the model of an undisturbed one, to the byte.</summary>
public sealed class LightGbmResumeTests(ITestOutputHelper output)
{
    private static readonly LightGbmSettings Quick = new()
    {
        Rounds = 90,
        LearningRate = 0.2,
        EarlyStopping = 20,
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PredictionTask.Binary, "label", 1, 1)]
    [InlineData(PredictionTask.Multiclass, "kind", 1, 1)]
    [InlineData(PredictionTask.Regression, "value", 1, 1)]
    [InlineData(PredictionTask.Binary, "label", 0.6, 1)]
    [InlineData(PredictionTask.Multiclass, "kind", 1, 0.7)]
    [InlineData(PredictionTask.Regression, "value", 0.7, 0.7)]
    public void Run_EvictedAtManyRounds_GivesTheSameBytes(PredictionTask task, string target, double bagging, double features)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 2500, 11), 11);
        var others = new[] { "label", "kind", "value" }.Where(name => name != target).ToArray();
        var definition = Sessions
            .Definition(target, task, others)
            .With(Quick with { BaggingFraction = bagging, FeatureFraction = features });
        var undisturbed = Sessions.Train(definition, files, Cancelled);

        var checkpoints = Directory.CreateDirectory(folder.File("checkpoints")).FullName;
        var evictions = 0;
        TrainedGraph? trained = null;
        // With sampling a machine that goes within a segment leaves the last whole one behind.
        foreach (var evictAt in new[] { 3, 28, 1, 40, int.MaxValue })
        {
            try
            {
                trained = Sessions.Train(definition, files, Cancelled, _ => new FolderCheckpoints(checkpoints, 7, evictAt));
            }
            catch (EvictedException)
            {
                evictions++;
            }
        }

        output.WriteLine($"{evictions} evictions; best round {trained!.BestRound} of {trained.Rounds}");
        Assert.True(evictions >= 2);
        Assert.Equal((undisturbed.BestRound, undisturbed.Rounds), (trained.BestRound, trained.Rounds));
        Assert.Equal(undisturbed.Graph, trained.Graph);
    }

    [Fact]
    public void Run_TwoTrainersEvictedAtOtherRounds_BothGoOnToTheSameBytes()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1000, 13), 13);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value").With(Quick, Quick with { Leaves = 7 });
        var undisturbed = Sessions.Train(definition, files, Cancelled, threads: 2);

        Assert.Throws<EvictedException>(() =>
            Sessions.Train(definition, files, Cancelled, name => Of(name, name == "lightgbm-1" ? 3 : 15), threads: 2)
        );
        var second = new Dictionary<string, FolderCheckpoints> { ["lightgbm-1"] = Of("lightgbm-1"), ["lightgbm-2"] = Of("lightgbm-2") };
        var trained = Sessions.Train(definition, files, Cancelled, name => second[name], threads: 2);

        Assert.Equal((3, 15), (second["lightgbm-1"].RestoredRound, second["lightgbm-2"].RestoredRound));
        Assert.Equal(undisturbed.Graph, trained.Graph);

        FolderCheckpoints Of(string name, int evictAt = int.MaxValue) =>
            new(Directory.CreateDirectory(folder.File(name)).FullName, evictAt: evictAt);
    }

    [Fact]
    public void Run_EndedAndThenEvicted_IsNotTrainedAgain()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1000, 12), 12);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value").With(Quick);
        var checkpoints = Directory.CreateDirectory(folder.File("checkpoints")).FullName;
        var undisturbed = Sessions.Train(definition, files, Cancelled, _ => new FolderCheckpoints(checkpoints));

        var second = new FolderCheckpoints(checkpoints, evictAt: 1);
        var trained = Sessions.Train(definition, files, Cancelled, _ => second);

        Assert.Equal(undisturbed.Rounds, second.RestoredRound);
        Assert.Equal(undisturbed.Graph, trained.Graph);
    }
}
