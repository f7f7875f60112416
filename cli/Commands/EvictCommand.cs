using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Cli.Stack.Spot;
using Serverless.Pipeline.Definitions;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless evict [WORKER or JOB]</c>: takes a local worker's machine away, as Spot would.</summary>
internal static class EvictCommand
{
    private static readonly Argument<string?> Target = new("worker or job")
    {
        Description = "A worker (worker-1), its process id, or the job it works on. Default: any worker.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> Notice = new("--notice")
    {
        Description = "Time from the notice to the end.",
        DefaultValueFactory = _ => "30s",
        HelpName = "TIME",
        Validators = { Duration },
    };

    private static readonly Option<bool> NoNotice = new("--no-notice") { Description = "SIGKILL at once, as when hardware fails." };

    public static Command Create()
    {
        var command = new Command(
            "evict",
            "Take a worker of the local stack away, as Spot does: notice through Scheduled Events, then SIGKILL."
        )
        {
            Target,
            Notice,
            NoNotice,
        };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>An option's check that its value is a time such as 30s.</summary>
    public static void Duration(System.CommandLine.Parsing.OptionResult option)
    {
        try
        {
            Durations.Parse(option.GetValueOrDefault<string>());
        }
        catch (Exception none) when (none is FormatException or OverflowException or ArgumentOutOfRangeException)
        {
            option.AddError(
                $"{option.Option.Name} is '{option.GetValueOrDefault<string>()}'; expected a number with s, m, h or d, such as 30s."
            );
        }
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var target = arguments.GetValue(Target);
        var notice = arguments.GetValue(NoNotice) ? (double?)null : Durations.Parse(arguments.GetValue(Notice)!).TotalSeconds;
        var state = StateFolder.Nearest();
        var eviction = await EvictionDoor.AskAsync(state, new EvictionRequest(target, notice), cancellationToken);
        if (eviction is null)
        {
            throw new StackException(
                target is null
                    ? "No worker runs: they start when a job waits, and end when none does."
                    : $"No worker runs that is called '{target}' or works on a job of that id; expected such as worker-1, or a job's id (field jobId of 'serverless runs ID --json')."
            );
        }

        Terminal.Out.WriteLine(
            notice is null ? $"{eviction.Worker} was killed."
            : eviction.Acknowledged ? $"{eviction.Worker} had handed back its job after {eviction.Seconds:0.0} s and was killed."
            : $"{eviction.Worker} was not ready in time and was killed after {eviction.Seconds:0.0} s."
        );
        return 0;
    }
}
