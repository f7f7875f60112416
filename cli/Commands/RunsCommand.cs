using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.View;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless runs [ID]</c>: a list, or one run, followed while it lives.</summary>
internal static class RunsCommand
{
    private static readonly Argument<string?> Id = new("id")
    {
        Description = "A run, to show it and follow it while it lives.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Pipeline = new("--pipeline") { Description = "Only runs of this pipeline.", HelpName = "NAME" };

    private static readonly Option<int> Top = new("--top")
    {
        Description = "How many, newest first.",
        DefaultValueFactory = _ => 20,
        HelpName = "N",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "The API's document; a run is not followed." };

    public static Command Create()
    {
        var command = new Command("runs", "List runs, or show one and follow it.") { Id, Pipeline, Top, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        if (arguments.GetValue(Id) is { } id)
        {
            return await OneAsync(api, id, arguments.GetValue(Json), cancellationToken);
        }

        var page = await api.RunsAsync(arguments.GetValue(Pipeline), arguments.GetValue(Top), cancellationToken);
        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(page);
            return 0;
        }

        if (page.Runs.Count == 0)
        {
            Terminal.Out.WriteLine("No runs. Start one with 'serverless run FILE'.");
            return 0;
        }

        var table = Terminal.List("run", "file", "state", "stage", "rows", "model", "deployed", "created", "took");
        foreach (var run in page.Runs)
        {
            table.Row(
                run.RunId,
                run.File,
                $"{run.State}".ToLowerInvariant(),
                Stage(run),
                $"{run.Rows:N0}",
                run.ModelVersion is { } version ? $"v{version}" : "",
                run.Deployed ? "yes" : "no",
                run.CreatedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", null),
                RunText.Elapsed(run.UpdatedAt - run.CreatedAt)
            );
        }

        Terminal.Out.Write(table);
        return 0;
    }

    private static async Task<int> OneAsync(ApiClient api, string id, bool json, CancellationToken cancellationToken)
    {
        var run = await api.RunAsync(id, cancellationToken);
        if (json)
        {
            Terminal.WriteJson(run);
            return 0;
        }

        run = await new RunFollower(api, Terminal.Out, TimeProvider.System).FollowAsync(id, cancellationToken);
        return RunSummary.Write(Terminal.Out, run);
    }

    private static string Stage(RunView run) =>
        run.Stages.LastOrDefault(stage => stage.State is StageState.Running or StageState.Failed)?.Name
        ?? run.Stages.LastOrDefault(stage => stage.State == StageState.Done)?.Name
        ?? "";
}
