using Serverless.Cli.View;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Demo;

/// <summary>The tables at the end of the demo.</summary>
internal sealed class DemoReport(IAnsiConsole console, Uri url, string key)
{
    public void Write(RunView run, EvaluationReport evaluation, DemoExample example, Timeline timeline, bool fresh)
    {
        console.WriteLine();
        console.Write(Facts(run, evaluation, example));
        console.Write(Metrics(evaluation));
        WriteExample(run, example);
        WriteTimes(run, timeline, fresh);
        console.WriteLine("The stack stops now. 'dotnet run --project cli -- up' keeps it running, with this model in it.");
    }

    private Grid Facts(RunView run, EvaluationReport evaluation, DemoExample example)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(3)).AddColumn();
        Add("data version", $"{run.Pipeline}/{run.DataVersion}, {run.Rows:N0} rows, {evaluation.Rows:N0} of them held out");
        Add("gate", run.Verdict ?? string.Join(" ", evaluation.Verdict.Reasons));
        Add(
            "model version",
            $"{run.Pipeline} v{run.ModelVersion}, {(run.Deployed ? "deployed" : $"not deployed; v{example.Champion} stays in production")}"
        );
        Add("predict", $"POST {url}api/models/{run.Pipeline}/predict");
        Add("Open Inference", $"POST {url}v2/models/{run.Pipeline}/infer");
        return grid;

        void Add(string name, string value) => grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(value));
    }

    private static Table Metrics(EvaluationReport evaluation)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("metric").AddColumn(new TableColumn("challenger").RightAligned());
        table.AddColumn(
            new TableColumn(evaluation.ChampionVersion is { } version ? $"champion v{version}" : "champion (none yet)").RightAligned()
        );
        foreach (var (metric, value) in evaluation.Challenger.Metrics)
        {
            var champion = evaluation.Champion?.Metrics.TryGetValue(metric, out var other) == true ? RunText.Number(other) : "";
            table.AddRow(new Text(metric), new Text(RunText.Number(value)), new Text(champion));
        }

        return table;
    }

    private void WriteExample(RunView run, DemoExample example)
    {
        // Past the console: it would break long lines, and a broken command cannot be copied.
        var output = console.Profile.Out.Writer;
        output.WriteLine(
            $"curl -s {url}api/models/{run.Pipeline}/predict -H 'x-functions-key: {key}' -H 'content-type: application/json' -d '{example.Rows.Replace("'", "'\\''", StringComparison.Ordinal)}'"
        );
        output.WriteLine($"  {example.Answer.Trim()}");
        output.WriteLine();
    }

    private void WriteTimes(RunView run, Timeline timeline, bool fresh)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("what ran").AddColumn(new TableColumn("how long").RightAligned());
        foreach (var (what, took) in timeline.Steps)
        {
            table.AddRow(new Text(what), new Text(RunText.Elapsed(took)));
        }

        foreach (var stage in run.Stages.Where(stage => stage is { StartedAt: not null, EndedAt: not null }))
        {
            table.AddRow(
                new Text($"Stage {stage.Name}{(fresh ? "" : " (then)")}"),
                new Text(RunText.Elapsed(stage.EndedAt!.Value - stage.StartedAt!.Value))
            );
        }

        table.AddRow(new Text("All", new Style(decoration: Decoration.Bold)), new Text(RunText.Elapsed(timeline.Elapsed)));
        console.Write(table);
    }
}
