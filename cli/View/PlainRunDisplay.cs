using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.View;

/// <summary>For pipes and CI: one line for each thing that happens.</summary>
internal sealed class PlainRunDisplay(IAnsiConsole console, TimeProvider time) : IRunDisplay
{
    private static readonly TimeSpan MetricInterval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, StageState> shown = [];
    private int pointsShown;
    private long metricsShownAt;

    public void Show(RunView run, IReadOnlyList<MetricPoint> points)
    {
        foreach (var stage in run.Stages)
        {
            if (stage.Name == Stages.Evaluate && stage.State != StageState.Waiting)
            {
                ShowLast(points);
            }

            var before = shown.GetValueOrDefault(stage.Name, StageState.Waiting);
            if (stage.State != before)
            {
                shown[stage.Name] = stage.State;
                ShowStage(stage);
            }
        }

        if (points.Count > pointsShown && time.GetElapsedTime(metricsShownAt) > MetricInterval)
        {
            ShowLast(points);
        }
    }

    private void ShowLast(IReadOnlyList<MetricPoint> points)
    {
        if (points.Count > pointsShown)
        {
            pointsShown = points.Count;
            metricsShownAt = time.GetTimestamp();
            console.WriteLine($"  {Stages.Train, -10}{RunText.Metrics(points[^1])}");
        }
    }

    private void ShowStage(StageStatus stage)
    {
        var took =
            RunText.Took(stage, time.GetUtcNow()) is { } elapsed && stage.State is StageState.Done or StageState.Failed
                ? $"  ({RunText.Elapsed(RunText.Took(stage, time.GetUtcNow()) ?? TimeSpan.Zero)})"
                : "";
        var state = stage.State switch
        {
            StageState.Running => "started",
            StageState.Done => "done",
            StageState.Failed => "FAILED",
            _ => "skipped",
        };
        console.WriteLine($"  {stage.Name, -10}{state}{took}{(stage.Note is null ? "" : "  " + stage.Note)}");
    }
}
