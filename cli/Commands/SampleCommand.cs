using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Samples.MachineFailure;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless sample FILE</c>: the demo's rows as a file, to try an app with.</summary>
internal static class SampleCommand
{
    private static readonly Argument<string> File = new("file")
    {
        Description = "Where to write the CSV; a file that is there is not overwritten.",
    };

    private static readonly Option<int> Rows = new("--rows")
    {
        Description = "Rows, 1,000 or more.",
        DefaultValueFactory = _ => 10_000,
        HelpName = "N",
    };

    private static readonly Option<int> Seed = new("--seed")
    {
        Description = "The same seed gives the same file, and the same file is one run.",
        DefaultValueFactory = _ => 1,
        HelpName = "N",
    };

    public static Command Create()
    {
        var command = new Command("sample", "Write the sample's rows (machines that fail) for samples/machine-failure/pipeline.yaml.")
        {
            File,
            Rows,
            Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(File);
        var rows = arguments.GetRequiredValue(Rows);
        if (rows < 1_000)
        {
            throw new StackException($"--rows is {rows}; expected 1,000 or more: the sample's definition asks for them.");
        }

        if (System.IO.File.Exists(file))
        {
            throw new StackException($"{Path.GetFullPath(file)} is there already and is not overwritten. Remove it, or name another file.");
        }

        await using var writer = new StreamWriter(file);
        await Task.Run(() => new MachineFailureGenerator(arguments.GetRequiredValue(Seed)).WriteCsv(writer, rows), cancellationToken);
        Terminal.Out.WriteLine($"Wrote {rows} rows into {Path.GetFullPath(file)}");
        return 0;
    }
}
