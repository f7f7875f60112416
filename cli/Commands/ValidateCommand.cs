using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Definitions;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless validate FILE...</c>: every mistake of a pipeline.yaml, without an app.</summary>
internal static class ValidateCommand
{
    private static readonly Argument<string[]> Files = new("file")
    {
        Description = "Definitions to check.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => ["pipeline.yaml"],
    };

    private static readonly Option<bool> Json = new("--json") { Description = "JSON, for programs." };

    private sealed record Checked(
        string File,
        string? Name,
        IReadOnlyList<DefinitionMistake> Mistakes,
        IReadOnlyList<DefinitionMistake> Warnings
    );

    public static Command Create()
    {
        var command = new Command("validate", "Check definitions (pipeline.yaml) without an app.") { Files, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var found = new List<Checked>();
        foreach (var file in arguments.GetRequiredValue(Files))
        {
            if (!File.Exists(file))
            {
                throw new StackException($"{Path.GetFullPath(file)} is not there; expected a pipeline.yaml. Check the name.");
            }

            var reading = DefinitionReader.Read(await File.ReadAllTextAsync(file, cancellationToken));
            found.Add(new Checked(file, reading.Definition?.Name, reading.Mistakes, reading.Warnings));
        }

        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(found);
        }
        else
        {
            Write(Terminal.Out, found);
        }

        return found.TrueForAll(one => one.Mistakes.Count == 0) ? 0 : 1;
    }

    private static void Write(IAnsiConsole console, IEnumerable<Checked> found)
    {
        foreach (var one in found)
        {
            foreach (var mistake in one.Mistakes)
            {
                console.WriteLine($"{one.File}: {mistake}");
            }

            foreach (var warning in one.Warnings)
            {
                console.WriteLine($"{one.File}: warning: {warning}");
            }

            if (one.Mistakes.Count == 0)
            {
                console.WriteLine($"{one.File}: valid, pipeline {one.Name}");
            }
        }
    }
}
