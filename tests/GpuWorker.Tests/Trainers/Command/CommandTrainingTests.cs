using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Command;

/// <summary>A program that keeps the contract.</summary>
public sealed class CommandTrainingTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public void Train_TheSample_LeavesAModelThatServesAndItsMetrics()
    {
        using var bench = new CommandBench();

        var trained = bench.Train(bench.Node(("epochs", "200")), Cancelled);

        Assert.Equal(("command", 200, 200), (trained.Trainer, trained.BestRound, trained.Rounds));
        // Constant columns are the program's own business; the ignored ones it never sees.
        Assert.Equal(["size", "zero heavy", "colour", "constant"], trained.Signature.Inputs.Select(input => input.Name));
        Assert.Equal(["0", "1"], trained.Signature.Classes);
        Assert.True(trained.Validation[MetricNames.Auc] > 0.8, $"{trained.Validation[MetricNames.Auc]}");
        Assert.True(trained.Agreement.Rows > 100 && trained.Agreement.MaxDifference <= 1e-9, $"{trained.Agreement}");
        Assert.Contains(bench.Progress, progress => progress is { Phase: "training", Done: 200, Total: 200 });
        Assert.Contains("command | validation log-loss", bench.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_InterruptedOnTheWay_GivesTheSameModel()
    {
        using var bench = new CommandBench(rows: 500);
        using var folder = new TestFolder();
        (string, string)[] parameters = [("epochs", "100000"), ("metricsEvery", "500"), ("checkpointEvery", "1000")];
        var settings = bench.Node(parameters) with { Grace = TimeSpan.FromSeconds(20) };
        TrainerDefinition[] trainers = [new() { Command = settings }];
        var undisturbed = bench.Train(settings, Cancelled);
        using var leaving = new CancellationTokenSource();

        Assert.Throws<EvictedException>(() =>
            bench.Train(
                trainers,
                _ => new FolderCheckpoints(folder.Path),
                // On a thread of its own: who is told must not wait.
                progress => _ = progress.Done > 0 ? leaving.CancelAsync() : Task.CompletedTask,
                leaving.Token,
                Cancelled
            )
        );
        var second = new FolderCheckpoints(folder.Path);
        var resumed = bench.Train(trainers, _ => second, null, CancellationToken.None, Cancelled);
        var third = new FolderCheckpoints(folder.Path);
        var again = bench.Train(trainers, _ => third, null, CancellationToken.None, Cancelled);

        Assert.InRange(second.RestoredRound, 500, 99_999);
        Assert.Contains($"goes on from epoch {second.RestoredRound}", bench.Log.Text, StringComparison.Ordinal);
        Assert.Contains("stopped after epoch", bench.Log.Text, StringComparison.Ordinal);
        Assert.Equal(undisturbed.Graph, resumed.Graph);
        // The end was saved: nothing is run again.
        Assert.Equal(100_000, third.RestoredRound);
        Assert.Equal(undisturbed.Graph, again.Graph);
        Assert.Equal(undisturbed.Rounds, again.Rounds);
    }

    [Fact]
    public void Train_BesideALibrary_TheBetterOneWins()
    {
        using var bench = new CommandBench();
        var trainers = new TrainerDefinition[]
        {
            new() { LightGbm = new LightGbmSettings { Rounds = 60 } },
            new() { Command = bench.Node(("epochs", "1")) },
        };

        var trained = bench.Train(trainers, null, null, CancellationToken.None, Cancelled);

        Assert.Equal("lightgbm-1", trained.Trainer);
        Assert.Contains("command-2: validation logLoss", bench.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_TheEnvironment_HasTheContractAndNothingOfTheWorkers()
    {
        using var bench = new CommandBench();
        Environment.SetEnvironmentVariable("Storage_of_this_test", "AccountKey=secret");
        var settings = CommandBench.Shell("env; cat $SERVERLESS_JOB; head -2 $SERVERLESS_TRAIN; exit 3") with
        {
            Rows = RowFormat.Csv,
            Parameters = new Dictionary<string, string> { ["depth"] = "7" },
        };

        bench.FailsByUser(settings, Cancelled);

        var said = bench.Log.Text;
        Assert.Contains("SERVERLESS_PARAM_depth=7", said, StringComparison.Ordinal);
        Assert.Contains("SERVERLESS_SEED=42", said, StringComparison.Ordinal);
        Assert.Contains("\"depth\": \"7\"", said, StringComparison.Ordinal);
        // The label as the index of its class, without what is ignored.
        Assert.Contains("size,zero heavy,colour,constant,label", said, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Storage_of_this_test", said, StringComparison.Ordinal);
    }
}
