using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>What a program is told, as <c>job.json</c> and, but for the lists, in its environment: docs/command.md.</summary>
internal sealed record CommandJob
{
    /// <summary>Of this document.</summary>
    public int Version { get; init; } = 1;

    public required PredictionTask Task { get; init; }

    public required string Target { get; init; }

    /// <summary>In the order of the probabilities, index 0 is the first; empty for regression.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>In the order of the files' columns.</summary>
    public required IReadOnlyList<CommandColumn> Features { get; init; }

    public required RowFormat Rows { get; init; }

    public required string Train { get; init; }

    public required string Validation { get; init; }

    /// <summary>A folder; <see cref="Model"/> is to be in it at the end.</summary>
    public required string Output { get; init; }

    public required string Model { get; init; }

    /// <summary>A folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The checkpoint to go on from, a file or a folder in <see cref="Checkpoint"/>; null: begin at the beginning.</summary>
    public string? Resume { get; init; }

    /// <summary>Lines of JSON are to be added to it.</summary>
    public required string Metrics { get; init; }

    public required int Seed { get; init; }

    public required int Threads { get; init; }

    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>The environment, without that of the worker.</summary>
    /// <param name="file">This document.</param>
    public IEnumerable<KeyValuePair<string, string>> Environment(string file)
    {
        var names = new Dictionary<string, string>
        {
            ["SERVERLESS_JOB"] = file,
            ["SERVERLESS_TASK"] = Task.ToString().ToLowerInvariant(),
            ["SERVERLESS_TARGET"] = Target,
            ["SERVERLESS_ROWS"] = Rows.ToString().ToLowerInvariant(),
            ["SERVERLESS_TRAIN"] = Train,
            ["SERVERLESS_VALIDATION"] = Validation,
            ["SERVERLESS_OUTPUT"] = Output,
            ["SERVERLESS_MODEL"] = Model,
            ["SERVERLESS_CHECKPOINT"] = Checkpoint,
            ["SERVERLESS_METRICS"] = Metrics,
            ["SERVERLESS_SEED"] = FormattableString.Invariant($"{Seed}"),
            ["SERVERLESS_THREADS"] = FormattableString.Invariant($"{Threads}"),
            // The usual way to say how many threads of a machine are this program's.
            ["OMP_NUM_THREADS"] = FormattableString.Invariant($"{Threads}"),
        };
        if (Resume is not null)
        {
            names["SERVERLESS_RESUME"] = Resume;
        }

        return names.Concat(Parameters.Select(each => KeyValuePair.Create($"SERVERLESS_PARAM_{each.Key}", each.Value)));
    }
}

/// <param name="Name">Of the column, and of the graph's input.</param>
/// <param name="Type"><c>text</c> is a string, all else float64.</param>
internal sealed record CommandColumn(string Name, ColumnType Type);
