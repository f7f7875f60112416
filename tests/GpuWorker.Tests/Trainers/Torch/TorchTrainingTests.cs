using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.Torch;
using Serverless.GpuWorker.Trainers.Torch.Fitting;
using Serverless.GpuWorker.Trainers.Torch.Native;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Testing;
using TorchSharp;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

public sealed class TorchTrainingTests
{
    private static readonly TorchSettings Quick = new()
    {
        Epochs = 12,
        LearningRate = 0.005,
        Width = 32,
        Bins = 16,
    };

    private static readonly ImageSettings Pixels = new()
    {
        Height = 6,
        Width = 5,
        Channels = 2,
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PredictionTask.Binary, "label")]
    [InlineData(PredictionTask.Multiclass, "kind")]
    [InlineData(PredictionTask.Regression, "value")]
    public void Run_EveryTask_AgreesAndLearns(PredictionTask task, string target)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 3000, 7), 7);
        var others = new[] { "label", "kind", "value" }.Where(name => name != target).ToArray();

        var trained = Sessions.Train(Sessions.Definition(target, task, others).With(Quick), files, Cancelled);

        Assert.Equal("torch", trained.Trainer);
        Assert.InRange(trained.Agreement.MaxDifference, 0, 5e-6);
        Assert.True(trained.Agreement.Rows > 450);
        Assert.Equal("7 in every training row", trained.Dropped["constant"]);
        Assert.True(
            task == PredictionTask.Regression ? trained.Validation[MetricNames.R2] > 0.8 : trained.Validation[MetricNames.Accuracy] > 0.8
        );
    }

    [Theory]
    [InlineData("tabular", PredictionTask.Multiclass, "kind")]
    [InlineData("tabular", PredictionTask.Regression, "value")]
    [InlineData("image", PredictionTask.Binary, "side")]
    public void Run_Interrupted_GivesTheSameBytes(string network, PredictionTask task, string target)
    {
        using var folder = new TestFolder();
        var image = network == "image";
        var rows = image ? MadeImages.Write(folder, 1500, 5) : MadeData.Write(folder, 1500, 5);
        var files = SplitFiles.Make(folder, rows, 5);
        // 32 or 33 steps an epoch, each asks once. An image network also counts its batches, which no gradient moves.
        var settings = Quick with
        {
            Epochs = 6,
            EarlyStopping = 2,
            ClassWeight = task == PredictionTask.Regression ? ClassWeight.None : ClassWeight.Balanced,
            Width = image ? 16 : Quick.Width,
            Image = image ? Pixels : null,
        };
        string[] others = image ? [] : [.. new[] { "label", "kind", "value" }.Where(name => name != target)];
        var definition = Sessions.Definition(target, task, others).With(settings);
        var whole = Sessions.Train(definition, files, Cancelled);

        // In the first epoch, in the middle of one, at the end of one, after nothing at all.
        foreach (var evictAt in new[] { 3, 50, 17, 33, 1 })
        {
            Assert.Throws<EvictedException>(() =>
                Sessions.Train(definition, files, Cancelled, _ => new FolderCheckpoints(folder.Path, evictAt: evictAt))
            );
        }

        var resumed = new FolderCheckpoints(folder.Path);
        Assert.Equal(whole.Graph, Sessions.Train(definition, files, Cancelled, _ => resumed).Graph);
        Assert.True(resumed.RestoredRound >= 2);
        Assert.Equal(1, resumed.Saved);

        // The end is saved too: nothing is trained again.
        var ended = new FolderCheckpoints(folder.Path);
        Assert.Equal(whole.Graph, Sessions.Train(definition, files, Cancelled, _ => ended).Graph);
        Assert.Equal(whole.Rounds, ended.RestoredRound);
    }

    [Fact]
    public void Run_TwoNetworksSideBySide_AreWhatTheyAreAlone()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 800, 5), 5);
        var definition = Sessions.Definition("value", PredictionTask.Regression, "label", "kind");
        var (one, other) = (Quick with { Epochs = 3 }, Quick with { Epochs = 3, LearningRate = 1e-6 });

        var together = Sessions.Train(definition.With(one, other), files, Cancelled, threads: 2);
        var alone = Sessions.Train(definition.With(one), files, Cancelled);

        Assert.Equal("torch-1", together.Trainer);
        Assert.Equal(alone.Validation[MetricNames.Rmse], together.Validation[MetricNames.Rmse]);
    }

    [Fact]
    public void Run_NothingButCategories_Learns()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 600, 2), 2);
        var definition = Sessions.Definition("value", PredictionTask.Regression, "label", "kind", "size", "zero heavy", "constant");

        var trained = Sessions.Train(definition.With(Quick), files, Cancelled);

        Assert.Equal(["colour"], trained.Signature.Inputs.Select(input => input.Name));
        Assert.True(trained.Validation[MetricNames.R2] > 0.3, $"r2 {trained.Validation[MetricNames.R2]}");
        Assert.True(trained.Agreement.MaxDifference <= trained.Agreement.Bound);
    }

    [Fact]
    public void Run_Image_KeepsConstantPixelsAndLearns()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeImages.Write(folder, 600, 4), 4);
        var settings = Quick with { Width = 16, Image = Pixels };

        var trained = Sessions.Train(Sessions.Definition("side", PredictionTask.Binary).With(settings), files, Cancelled);

        Assert.Equal(60, trained.Signature.Inputs.Count);
        Assert.Empty(trained.Dropped);
        Assert.True(trained.Validation[MetricNames.Accuracy] > 0.9, $"accuracy {trained.Validation[MetricNames.Accuracy]}");
        Assert.InRange(trained.Agreement.MaxDifference, 0, 5e-6);
    }

    [Fact]
    public void Run_ImageOfAnotherSize_SaysWhatToDo()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeImages.Write(folder, 100, 4), 4);
        var settings = Quick with
        {
            Image = new ImageSettings { Height = 8, Width = 8 },
        };

        var failed = Assert.Throws<JobFailedException>(() =>
            Sessions.Train(Sessions.Definition("side", PredictionTask.Binary).With(settings), files, Cancelled)
        );

        Assert.True(failed.UserError);
        Assert.Contains("image 8 x 8 with 1 channel has 64 columns; found 60", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_HalfPrecision_LearnsAsWell()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1500, 5), 5);
        TorchLibrary.Require();

        var (full, half) = (Loss(false), Loss(true));

        Assert.InRange(half, full * 0.9, full * 1.1);

        double Loss(bool half)
        {
            using var fit = new NetworkFit(Regression(files), torch.CPU, half);
            fit.Run(new Silent(), NoCheckpoints.Instance, Cancelled);
            return fit.State.BestLoss;
        }
    }

    [Fact]
    public void Run_HalfPrecisionInterrupted_GivesTheSameWeights()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1500, 5), 5);
        TorchLibrary.Require();
        using var whole = new NetworkFit(Regression(files), torch.CPU, half: true);
        whole.Run(new Silent(), NoCheckpoints.Instance, Cancelled);

        foreach (var evictAt in new[] { 3, 50, 17 })
        {
            using var broken = new NetworkFit(Regression(files), torch.CPU, half: true);
            Assert.Throws<EvictedException>(() =>
                broken.Run(new Silent(), new FolderCheckpoints(folder.Path, evictAt: evictAt), Cancelled)
            );
        }

        using var resumed = new NetworkFit(Regression(files), torch.CPU, half: true);
        resumed.Run(new Silent(), new FolderCheckpoints(folder.Path), Cancelled);

        Assert.Equal(whole.State.BestLoss, resumed.State.BestLoss);
        Assert.All(
            whole.State.Best.Zip(resumed.State.Best),
            pair => Assert.Equal(pair.First.data<float>().ToArray(), pair.Second.data<float>().ToArray())
        );
    }

    private static Problem Regression(TrainingFiles files)
    {
        var data = Sessions.Definition("value", PredictionTask.Regression, "label", "kind").Data;
        var rows = new TrainingDataReader(files.Schema, data).Read(files.Train, files.Validation, 100, ClassWeight.None, Cancelled);
        return new TorchTrainer(Quick with { Epochs = 4 }).Problem(rows, 1, 1, out _);
    }

    private sealed class Silent : ITrainingWatch
    {
        public void Round(int round, int rounds, IReadOnlyDictionary<string, double> values) { }
    }
}
