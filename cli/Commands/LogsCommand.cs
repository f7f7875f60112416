using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Runs;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless logs RUN [--follow]</c>: what the workers of a run's job said, claim after claim.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string> Id = new("run") { Description = "The run's id." };

    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until the run ends." };

    public static Command Create()
    {
        var command = new Command("logs", "Show the log of a run's job: the worker's, and what a command says.") { Id, Follow };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        var run = arguments.GetRequiredValue(Id);
        var follow = arguments.GetValue(Follow);
        var (claim, after) = (1, 0L);
        while (true)
        {
            // Asked first: what is said before the end is shown.
            var ended = (await api.RunAsync(run, cancellationToken)).State is not (RunState.Pending or RunState.Running);
            var page = await api.LogAsync(run, claim, after, cancellationToken);
            if (page is { Text.Length: > 0 })
            {
                await Console.Out.WriteAsync(page.Text);
                after = page.Next;
            }
            else if (page is not null && claim < page.Claims)
            {
                (claim, after) = (claim + 1, 0);
            }
            else if (page is null && !follow)
            {
                throw new StackException(
                    $"No worker has taken a job of run {run} yet. 'serverless runs {run}' tells how far it is; --follow waits."
                );
            }
            else if (ended || !follow)
            {
                return 0;
            }
            else
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
