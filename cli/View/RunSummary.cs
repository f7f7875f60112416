using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.View;

/// <summary>What came of a run, in a few lines.</summary>
internal static class RunSummary
{
    /// <summary>Gives the exit code: 0 when it succeeded.</summary>
    public static int Write(IAnsiConsole console, RunView run)
    {
        foreach (var line in run.Compute is { } costs ? CostText.Lines(costs) : [])
        {
            console.WriteLine(line);
        }

        if (run.Failure is { } failure)
        {
            console.MarkupLineInterpolated($"[red]{run.State}:[/] {failure}");
            console.WriteLine(
                $"The report: GET /api/runs/{run.RunId}/report?format=html; the file is kept in container 'quarantine' when it was refused."
            );
            return 1;
        }

        if (run.Verdict is { } verdict)
        {
            console.WriteLine($"Gate: {verdict}");
        }

        if (run.ModelVersion is { } version)
        {
            console.WriteLine(
                run.Deployed
                    ? $"Model {run.Pipeline} v{version} answers: serverless predict {run.Pipeline} --file rows.csv"
                    : $"Model {run.Pipeline} v{version} is registered and not deployed; 'serverless promote {run.Pipeline} {version}' deploys it."
            );
        }

        return run.State == RunState.Succeeded ? 0 : 1;
    }
}
