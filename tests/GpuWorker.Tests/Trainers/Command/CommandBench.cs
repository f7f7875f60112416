using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Command;

/// <summary>Real programs on the rows of <see cref="MadeData"/>, without storage or a claim.</summary>
internal sealed class CommandBench : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly TrainingFiles files;
    private int claims;

    public CommandBench(int rows = 900)
    {
        var made = SplitFiles.Make(folder, MadeData.Write(folder, rows, 5), 5);
        var archive = TrainerCode.Pack(RepositoryRoot.File("samples", "command-node", "trainer"));
        Sample = TrainerCode.NameOf(archive);
        files = made with { Code = new Dictionary<string, byte[]> { [Sample] = archive } };
    }

    /// <summary>Name of the sample's program among the files.</summary>
    public string Sample { get; }

    /// <summary>What was said in all claims.</summary>
    public Lines Log { get; } = new();

    public List<JobProgress> Progress { get; } = [];

    public string File(string name) => folder.File(name);

    /// <summary>The sample with these parameters.</summary>
    public CommandSettings Node(params (string Name, string Value)[] parameters) =>
        new()
        {
            Run = ["node", "train.mjs"],
            Code = Sample,
            Rows = RowFormat.Csv,
            Parameters = parameters.ToDictionary(each => each.Name, each => each.Value),
        };

    public static CommandSettings Shell(string script) => new() { Run = ["sh", "-c", script] };

    public TrainedGraph Train(CommandSettings settings, CancellationToken cancellationToken) =>
        Train([new TrainerDefinition { Command = settings }], null, null, CancellationToken.None, cancellationToken);

    /// <summary>One claim, which may be told to leave.</summary>
    public TrainedGraph Train(
        IReadOnlyList<TrainerDefinition> trainers,
        Func<string, ICheckpoints>? checkpoints,
        Action<JobProgress>? onProgress,
        CancellationToken leaving,
        CancellationToken cancellationToken
    )
    {
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value");
        definition = definition with { Training = definition.Training with { Trainers = trainers } };
        var claim = Sessions.Claim(folder.File($"claim-{++claims}"), checkpoints) with
        {
            Log = Log,
            Leaving = leaving,
            Progress = new Told(progress =>
            {
                lock (Progress)
                {
                    Progress.Add(progress);
                }

                onProgress?.Invoke(progress);
            }),
        };
        return new TrainingSession(definition, files, 2, claim, TimeProvider.System).Run(
            new Dictionary<string, string> { ["run"] = "run-1" },
            cancellationToken
        );
    }

    public JobFailedException FailsByUser(CommandSettings settings, CancellationToken cancellationToken)
    {
        var failed = Assert.Throws<JobFailedException>(() => Train(settings, cancellationToken));
        Assert.True(failed.UserError, failed.Message);
        return failed;
    }

    public void Dispose() => folder.Dispose();

    private sealed class Told(Action<JobProgress> told) : IProgress<JobProgress>
    {
        public void Report(JobProgress value) => told(value);
    }
}
