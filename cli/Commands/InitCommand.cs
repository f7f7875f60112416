using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Definitions.Drafting;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless init FILE --target COLUMN</c>: a commented pipeline.yaml from what the file holds.</summary>
internal static class InitCommand
{
    private static readonly Argument<FileInfo> File = new("file") { Description = "CSV (also gzipped) or Parquet." };

    private static readonly Option<string> Target = new("--target", "-t")
    {
        Description = "The column to predict.",
        HelpName = "COLUMN",
        Required = true,
    };

    private static readonly Option<string?> Name = new("--name")
    {
        Description = "Name of the pipeline and its model. Default: made from the file's.",
        HelpName = "NAME",
    };

    private static readonly Option<FileInfo> Out = new("--out", "-o")
    {
        Description = "Where to write the definition; a file that is there is not overwritten.",
        DefaultValueFactory = _ => new FileInfo("pipeline.yaml"),
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("init", "Write a commented pipeline.yaml from what a file holds.") { File, Target, Name, Out };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(File);
        var output = arguments.GetRequiredValue(Out);
        if (output.Exists)
        {
            throw new StackException(
                $"{output.FullName} is there already and is not overwritten. Remove it, or name another file with --out."
            );
        }

        var yaml = await DefinitionDraft.FromFileAsync(
            file.FullName,
            arguments.GetRequiredValue(Target),
            arguments.GetValue(Name),
            cancellationToken
        );
        await System.IO.File.WriteAllTextAsync(output.FullName, yaml, cancellationToken);
        Terminal.Out.WriteLine($"Wrote {output.FullName}. Read it (its comments say what was found), then: serverless run {file.Name}");
        return 0;
    }
}
