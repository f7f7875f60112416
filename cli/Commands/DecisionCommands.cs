using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless approve|reject|cancel RUN</c>.</summary>
internal static class DecisionCommands
{
    public static Command Create(string decision, string description)
    {
        var id = new Argument<string>("run") { Description = "The run's id." };
        var comment = new Option<string?>("--comment") { Description = "Why; kept with the run.", HelpName = "TEXT" };
        var command = new Command(decision, description) { id, comment };
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                using var api = Connection.Open(arguments);
                var run = arguments.GetRequiredValue(id);
                await api.DecideAsync(
                    run,
                    decision,
                    new DecisionRequest(Environment.UserName, arguments.GetValue(comment)),
                    cancellationToken
                );
                Terminal.Out.WriteLine($"{decision}: {run}. Follow it with 'serverless runs {run}'.");
                return 0;
            }
        );
        return command;
    }
}
