using System.CommandLine;
using Serverless.Cli.Demo;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless demo</c>: all of it once, on generated data.</summary>
internal static class DemoCommand
{
    private static readonly Option<int> Rows = new("--rows")
    {
        Description = "Rows of the sample, 1,000 or more.",
        DefaultValueFactory = _ => 10_000,
        HelpName = "N",
        Validators =
        {
            option =>
            {
                if (option.GetValueOrDefault<int>() is var rows and < 1000)
                {
                    option.AddError($"--rows is {rows}; expected 1,000 or more: failures are rare, and each part of the data needs some.");
                }
            },
        },
    };

    private static readonly Option<int?> Seed = new("--seed")
    {
        Description =
            "Seed of the sample. Default: the next one that was not used, so that every demo brings a challenger to the champion. The same seed is the same file, and so the same run.",
        HelpName = "S",
    };

    public static Command Create()
    {
        var command = new Command("demo", "Start the stack, drop a sample file, watch it become a model that answers, stop.")
        {
            Rows,
            Seed,
            UpCommand.Port,
            UpCommand.StoragePort,
            UpCommand.EvictEvery,
            UpCommand.EvictSeed,
        };
        command.SetAction(
            (arguments, cancellationToken) =>
                new DemoRun(Terminal.Out, TimeProvider.System).RunAsync(
                    new DemoOptions(
                        arguments.GetValue(Rows),
                        arguments.GetValue(Seed),
                        Chosen(arguments, UpCommand.Port),
                        Chosen(arguments, UpCommand.StoragePort),
                        UpCommand.Evictions(arguments)
                    ),
                    cancellationToken
                )
        );
        return command;
    }

    private static int? Chosen(ParseResult arguments, Option<int> option) =>
        arguments.GetResult(option) is { Implicit: false } ? arguments.GetValue(option) : null;
}
