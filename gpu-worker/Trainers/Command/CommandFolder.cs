using System.Text.Json;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>Where one command of a claim lives: its program, its rows, and what it leaves.</summary>
internal sealed class CommandFolder
{
    private readonly string root;

    /// <param name="root">Of this trainer's own; made.</param>
    public CommandFolder(string root)
    {
        this.root = root;
        foreach (var folder in new[] { Code, Output, Checkpoint, Home })
        {
            Directory.CreateDirectory(folder);
        }
    }

    /// <summary>The program's working folder.</summary>
    public string Code => Path.Combine(root, "code");

    public string Output => Path.Combine(root, "output");

    public string Model => Path.Combine(Output, "model.onnx");

    public string Checkpoint => Path.Combine(root, "checkpoint");

    /// <summary>Where programs keep what they keep in a home.</summary>
    public string Home => Path.Combine(root, "home");

    public string Metrics => Path.Combine(root, "metrics.jsonl");

    public string JobFile => Path.Combine(root, "job.json");

    /// <summary>Writes the rows and <c>job.json</c>.</summary>
    /// <exception cref="JobFailedException">A part of the split has no row to learn from.</exception>
    public CommandJob Prepare(
        CommandProblem problem,
        CommandSettings settings,
        TrainingFiles files,
        int seed,
        int threads,
        string? resume,
        CancellationToken cancellationToken
    )
    {
        var job = new CommandJob
        {
            Task = problem.Task,
            Target = problem.Target.Name,
            Classes = problem.Classes,
            Features = [.. problem.Features.Select(column => new CommandColumn(column.Name, column.Type))],
            Rows = settings.Rows,
            Train = Rows("train", files.Train, problem, settings.Rows, cancellationToken),
            Validation = Rows("validation", files.Validation, problem, settings.Rows, cancellationToken),
            Output = Output,
            Model = Model,
            Checkpoint = Checkpoint,
            Resume = resume,
            Metrics = Metrics,
            Seed = seed,
            Threads = threads,
            Parameters = settings.Parameters,
        };
        File.WriteAllBytes(JobFile, JsonSerializer.SerializeToUtf8Bytes(job, PipelineJson.Readable));
        return job;
    }

    private string Rows(string part, string source, CommandProblem problem, RowFormat format, CancellationToken cancellationToken)
    {
        var csv = format == RowFormat.Csv;
        var file = Path.Combine(root, part + (csv ? ".csv" : ".parquet"));
        var classes = problem.Task == PredictionTask.Regression ? null : problem.Classes;
        return ModelRows.Write(source, file, problem.Features, problem.Target, classes, csv, cancellationToken) > 0
            ? file
            : throw new JobFailedException(
                $"The {part} part of the split has no row with a target '{problem.Target.Name}'; expected some. Change data.split, or give more rows.",
                userError: true
            );
    }
}

/// <summary>What is to be learned from which columns: all but the target and the ignored ones, constant ones too.</summary>
internal sealed record CommandProblem(
    PredictionTask Task,
    ColumnSchema Target,
    IReadOnlyList<ColumnSchema> Features,
    IReadOnlyList<string> Classes
)
{
    /// <exception cref="JobFailedException">The rows do not fit the definition.</exception>
    public static CommandProblem Of(DataDefinition data, TrainingFiles files, CancellationToken cancellationToken)
    {
        var target =
            files.Schema.Find(data.Target)
            ?? throw new JobFailedException(
                $"The data has no column '{data.Target}'. Correct data.target in pipeline.yaml.",
                userError: true
            );
        var features = files.Schema.Columns.Where(column => column != target && !data.Ignore.Contains(column.Name)).ToList();
        if (features.Count == 0)
        {
            throw new JobFailedException(
                $"No column is left to learn '{data.Target}' from: all others are ignored. Shorten data.ignore in pipeline.yaml.",
                userError: true
            );
        }

        return new CommandProblem(data.Task, target, features, ClassesOf(data, target, files.Train, cancellationToken));
    }

    private static IReadOnlyList<string> ClassesOf(
        DataDefinition data,
        ColumnSchema target,
        string file,
        CancellationToken cancellationToken
    )
    {
        if (data.Task == PredictionTask.Regression)
        {
            return [];
        }

        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var batch in ParquetRows.Read(file, [target], 65_536, cancellationToken))
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                if (ClassLabel.Of(batch.Columns[0], row) is { } label)
                {
                    counts[label] = counts.GetValueOrDefault(label) + 1;
                }
            }
        }

        return ClassOrder.Of(counts, data);
    }
}
