using System.Text.RegularExpressions;
using Serverless.Pipeline.Evaluation;
using YamlDotNet.Core;

namespace Serverless.Pipeline.Definitions;

/// <summary>What a schema cannot say: rules between keys.</summary>
internal sealed class DefinitionRules
{
    // The timer that judges windows comes every quarter of an hour.
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromDays(30);

    private static readonly string[] Binary =
    [
        MetricNames.Auc,
        MetricNames.PrAuc,
        MetricNames.LogLoss,
        MetricNames.Accuracy,
        MetricNames.F1,
        MetricNames.Precision,
        MetricNames.Recall,
        MetricNames.CalibrationError,
    ];

    private static readonly string[] Multiclass =
    [
        MetricNames.Accuracy,
        MetricNames.Auc,
        MetricNames.PrAuc,
        MetricNames.LogLoss,
        MetricNames.F1,
        MetricNames.Precision,
        MetricNames.Recall,
        MetricNames.CalibrationError,
    ];

    private static readonly string[] Regression = [MetricNames.Rmse, MetricNames.Mae, MetricNames.R2];

    private readonly Func<string, Mark> place;

    public DefinitionRules(PipelineDefinition definition, Func<string, Mark> place)
    {
        this.place = place;
        Data(definition.Data);
        Split(definition.Data);
        for (var index = 0; index < definition.Expectations.Count; index++)
        {
            Expectation(definition.Expectations[index], definition.Data, $"expectations[{index}]");
        }

        foreach (var (index, trainer) in definition.Training.Trainers.Index().Where(each => each.Item.Command is not null))
        {
            Mistakes.AddRange(
                CommandRules.Of(trainer.Command!).Select(wrong => At($"training.trainers[{index}].command.{wrong.Key}", wrong.Message))
            );
        }

        Compute(definition.Training);
        Gate(definition.Gate, definition.Data.Task);
        Monitoring(definition.Monitoring, definition.Data.Task);
    }

    public List<DefinitionMistake> Mistakes { get; } = [];

    public List<DefinitionMistake> Warnings { get; } = [];

    /// <summary>The metrics that a task has.</summary>
    public static IReadOnlyList<string> MetricsOf(PredictionTask task) =>
        task switch
        {
            PredictionTask.Binary => Binary,
            PredictionTask.Multiclass => Multiclass,
            _ => Regression,
        };

    private void Data(DataDefinition data)
    {
        if (data.Ignore.Contains(data.Target))
        {
            Mistake(
                "data.ignore",
                $"Found the target '{data.Target}' among the ignored columns; expected other columns. Take it out of the list."
            );
        }

        if (data.Positive is not null && data.Task != PredictionTask.Binary)
        {
            Mistake("data.positive", $"Found a positive class for a {Word(data.Task)} task; expected it for binary alone. Remove the key.");
        }

        foreach (var twice in data.Ignore.GroupBy(name => name).Where(group => group.Count() > 1))
        {
            Warning("data.ignore", $"Found '{twice.Key}' {twice.Count()} times; once is enough.");
        }
    }

    private void Split(DataDefinition data)
    {
        var split = data.Split;
        if (data.Test is not null && split.Test > 0)
        {
            Mistake(
                "data.split.test",
                $"Found a test share of {split.Test} beside the test file '{data.Test}'; expected one of them. Remove the share."
            );
        }

        var sum = split.Train + split.Validation + split.Test;
        if (Math.Abs(sum - 1) > 1e-6)
        {
            Mistake(
                "data.split",
                $"Found shares that add up to {sum:0.####} (train {split.Train}, validation {split.Validation}, test {split.Test}, defaults "
                    + "included); expected 1. Change one of them."
            );
        }
        else if (split.Train <= 0 || split.Validation <= 0 || (split.Test <= 0 && data.Test is null))
        {
            Mistake(
                "data.split",
                "Found a part without rows; expected train, validation and test above 0 (test may be 0 with a test file)."
            );
        }

        if ((split.By == SplitBy.Time) != (split.Column is not null))
        {
            Mistake(
                "data.split",
                split.Column is null
                    ? "Found 'by: time' without a column; expected 'column:' with the column of time."
                    : $"Found column '{split.Column}' without 'by: time'; expected both or neither."
            );
        }

        if (split.By == SplitBy.Stratified && data.Task == PredictionTask.Regression)
        {
            Mistake("data.split.by", "Found 'stratified' for a regression task; expected classes to stratify by. Use hash.");
        }
    }

    private void Expectation(Expectation expectation, DataDefinition data, string path)
    {
        if ((expectation.Column is null) == (expectation.RowsBetween is null))
        {
            Mistake(
                path,
                expectation.Column is null
                    ? "Found no column; expected 'column:' with the column that the rule speaks of."
                    : $"Found column '{expectation.Column}' with rowsBetween; expected no column, since the rule counts rows. Remove it."
            );
        }

        Bounds(expectation.Between, path + ".between");
        Bounds(expectation.RowsBetween, path + ".rowsBetween");
        if (expectation.Mostly < 1 && (expectation.Unique ?? (expectation.MaxMissing ?? (object?)expectation.RowsBetween) is not null))
        {
            Mistake(
                path + ".mostly",
                "Found 'mostly' with a rule that speaks of the whole column; expected it with between, in, matches or notNull."
            );
        }

        if (expectation.Matches is { } pattern && RegexMistake(pattern) is { } reason)
        {
            Mistake(
                path + ".matches",
                $"Found '{pattern}'; expected a regular expression without look-around and back-references: {reason}"
            );
        }

        if (expectation.Column is { } column && data.Ignore.Contains(column))
        {
            Warning(path, $"The rule holds column '{column}', which is ignored in training; a breach still stops the file.");
        }
    }

    private void Bounds(IReadOnlyList<double?>? bounds, string path)
    {
        if (bounds is [null, null])
        {
            Mistake(path, "Found two open bounds; expected at least one number.");
        }
        else if (bounds is [{ } least, { } most] && least > most)
        {
            Mistake(path, $"Found {least} before {most}; expected the least value first. Swap them.");
        }
    }

    private void Compute(TrainingDefinition training)
    {
        var compute = training.Compute;
        if (compute.Workers == 1)
        {
            return;
        }

        if (training.Trainers is not [{ LightGbm: not null }])
        {
            Mistake(
                "training.compute.workers",
                $"Found {compute.Workers} workers for other trainers than one lightgbm; expected a single lightgbm trainer, which alone can be "
                    + "trained by several machines. Remove the key or the other trainers."
            );
        }

        if (compute.Workers > compute.MaxInstances)
        {
            Mistake(
                "training.compute.workers",
                $"Found {compute.Workers} workers with maxInstances {compute.MaxInstances} (1 where it is not given); expected at most as many, "
                    + $"since training begins when all are there. Set maxInstances: {compute.Workers}."
            );
        }
    }

    private void Gate(GateDefinition gate, PredictionTask task)
    {
        var metrics = MetricsOf(task);
        if (gate.Metric is { } given && !metrics.Contains(given))
        {
            Mistake("gate.metric", $"Found '{given}' for a {Word(task)} task; expected one of {string.Join(", ", metrics)}.");
            return;
        }

        var metric = gate.Metric ?? metrics[0];
        var less = MetricNames.LessIsBetter(metric);
        if (less && gate.AtLeast is not null)
        {
            Mistake("gate.atLeast", $"Found a least value for {metric}, where less is better; expected 'atMost'. Rename the key.");
        }

        if (!less && gate.AtMost is not null)
        {
            Mistake("gate.atMost", $"Found a greatest value for {metric}, where more is better; expected 'atLeast'. Rename the key.");
        }

        if (!less && gate.AtLeast > 1)
        {
            Mistake("gate.atLeast", $"Found {gate.AtLeast}; {metric} is never above 1. Expected a share, such as 0.9.");
        }

        if (gate.ApprovalTimeout < TimeSpan.FromSeconds(1) || gate.ApprovalTimeout > TimeSpan.FromDays(30))
        {
            Mistake("gate.approvalTimeout", $"Found {gate.ApprovalTimeout.TotalMinutes:0.##} minutes; expected 1s to 30d.");
        }

        if (!gate.Approval && gate.ApprovalTimeout != new GateDefinition().ApprovalTimeout)
        {
            Warning("gate.approvalTimeout", "A time-out without 'approval: true' has no effect.");
        }
    }

    private void Monitoring(MonitoringDefinition? monitoring, PredictionTask task)
    {
        if (monitoring is not null && (monitoring.Window < ShortestWindow || monitoring.Window > LongestWindow))
        {
            Mistake("monitoring.window", $"Found {monitoring.Window:g}; expected 15m to 30d, such as 1h.");
        }

        if (monitoring?.AlertAbove is not { } threshold)
        {
            return;
        }

        if (task == PredictionTask.Multiclass)
        {
            Mistake("monitoring.alertAbove", "Found a threshold for a multiclass task, which has no one score. Remove the key.");
        }
        else if (task == PredictionTask.Binary && threshold is < 0 or >= 1)
        {
            Mistake("monitoring.alertAbove", $"Found {threshold}; expected a probability from 0 to below 1, such as 0.8.");
        }
    }

    /// <summary>The data is matched by RE2; .NET's non-backtracking engine refuses what RE2 does.</summary>
    private static string? RegexMistake(string pattern)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
            return null;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return error.Message;
        }
    }

    private static string Word(PredictionTask task) => task.ToString().ToLowerInvariant();

    private void Mistake(string path, string message) => Mistakes.Add(At(path, message));

    private void Warning(string path, string message) => Warnings.Add(At(path, message));

    private DefinitionMistake At(string path, string message) => new(place(path).Line, place(path).Column, path, message);
}
