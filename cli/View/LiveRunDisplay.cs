using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Serverless.Cli.View;

/// <summary>For terminals: the stages with their bars, times and notes, and the newest metrics with their course.</summary>
internal sealed class LiveRunDisplay(LiveDisplayContext live, TimeProvider time) : IRunDisplay
{
    private const int BarWidth = 20;
    private const int CurveWidth = 40;
    private int frame;

    public void Show(RunView run, IReadOnlyList<MetricPoint> points)
    {
        frame++;
        live.UpdateTarget(Render(run, points));
    }

    public IRenderable Render(RunView run, IReadOnlyList<MetricPoint> points)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders();
        table.AddColumns(
            new TableColumn("").Width(2),
            new TableColumn("").Width(10),
            new TableColumn("").Width(BarWidth),
            new TableColumn("").RightAligned().Width(12),
            new TableColumn("")
        );
        foreach (var stage in run.Stages)
        {
            var (mark, color) = Look(stage.State);
            var elapsed = RunText.Took(stage, time.GetUtcNow()) is { } took ? RunText.Elapsed(took) : "";
            table.AddRow(
                new Markup($"[{color}]{mark}[/]"),
                new Markup($"[{color}]{stage.Name}[/]"),
                new Markup(Bar(stage, color)),
                new Markup($"[grey]{elapsed}[/]"),
                new Markup(Markup.Escape(Note(stage, points)))
            );
        }

        return points.Count == 0 ? table : new Rows(table, new Markup("  " + Curve(points)));
    }

    private static (string Mark, string Color) Look(StageState state) =>
        state switch
        {
            StageState.Done => ("✓", "green"),
            StageState.Running => ("▸", "yellow"),
            StageState.Failed => ("✗", "red"),
            StageState.Skipped => ("–", "grey"),
            _ => (" ", "grey"),
        };

    /// <summary>As far as the worker says it is; where nobody says, a block goes to and fro.</summary>
    private string Bar(StageStatus stage, string color)
    {
        if (stage.State != StageState.Running)
        {
            return stage.State == StageState.Done ? $"[{color}]{new string('━', BarWidth)}[/]" : $"[grey]{new string('─', BarWidth)}[/]";
        }

        if (RunText.Fraction(stage.Note) is { } fraction)
        {
            var done = (int)Math.Round(fraction * BarWidth);
            return $"[{color}]{new string('━', done)}[/][grey]{new string('─', BarWidth - done)}[/]";
        }

        const int Block = 6;
        const int Way = BarWidth - Block;
        var at = frame % (2 * Way);
        at = at > Way ? (2 * Way) - at : at;
        return $"[grey]{new string('─', at)}[/][{color}]{new string('━', Block)}[/][grey]{new string('─', Way - at)}[/]";
    }

    private static string Note(StageStatus stage, IReadOnlyList<MetricPoint> points) =>
        stage is { Name: Stages.Train, State: StageState.Running, Note: null } && points.Count > 0
            ? $"round {points[^1].Round}"
            : stage.Note ?? "";

    private static string Curve(IReadOnlyList<MetricPoint> points)
    {
        var last = points[^1];
        var name =
            last.Values.Keys.FirstOrDefault(key => key.StartsWith("validation.", StringComparison.Ordinal))
            ?? last.Values.Keys.FirstOrDefault()
            ?? "";
        double[] values = [.. points.Where(point => point.Values.ContainsKey(name)).Select(point => point.Values[name])];
        return $"[blue]{RunText.Sparkline(values, CurveWidth)}[/] [grey]{Markup.Escape(RunText.Metrics(last))}[/]";
    }
}
