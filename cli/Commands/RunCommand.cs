using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.Cli.View;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless run FILE</c>: stores the definition, drops the file, follows the run.</summary>
internal static class RunCommand
{
    private const string DefinitionFile = "pipeline.yaml";

    private static readonly Argument<FileInfo> File = new("file") { Description = "CSV (also gzipped) or Parquet." };

    private static readonly Option<string> Pipeline = new("--pipeline", "-d")
    {
        Description = "The definition's file, or the name of a pipeline that the app knows.",
        DefaultValueFactory = _ => DefinitionFile,
        HelpName = "FILE|NAME",
    };

    private static readonly Option<FileInfo?> Test = new("--test")
    {
        Description = "A file with held-out rows: the model is judged on them.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> NoFollow = new("--no-follow") { Description = "Start the run and return." };

    public static Command Create()
    {
        var command = new Command("run", "Start the pipeline on a file and follow it.") { File, Pipeline, Test, NoFollow };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = Terminal.Out;
        var file = Existing(arguments.GetRequiredValue(File));
        var test = arguments.GetValue(Test) is { } held ? Existing(held) : null;
        using var api = Connection.Open(arguments);
        var pipeline = await PipelineAsync(api, arguments.GetRequiredValue(Pipeline), cancellationToken);
        if (test is not null)
        {
            await using var rows = test.OpenRead();
            await api.DropTestAsync(pipeline, test.Name, rows, cancellationToken);
        }

        await using var content = file.OpenRead();
        var receipt = await api.DropAsync(pipeline, file.Name, content, test?.Name, cancellationToken);
        var runId = receipt.RunId ?? throw new StackException($"{file.Name} started no run; expected one. See the app's log.");
        console.WriteLine(receipt.Started ? $"Run {runId}" : $"Run {runId} (this content was dropped before; it is one run)");
        if (arguments.GetValue(NoFollow))
        {
            console.WriteLine($"Follow it with 'serverless runs {runId}'.");
            return 0;
        }

        var run = await new RunFollower(api, console, TimeProvider.System).FollowAsync(runId, cancellationToken);
        return RunSummary.Write(console, run);
    }

    private static FileInfo Existing(FileInfo file) =>
        file.Exists ? file : throw new StackException($"{file.FullName} is not there; expected a CSV or Parquet file. Check the name.");

    /// <summary>Stores the definition when a file is named; gives the pipeline's name.</summary>
    private static async Task<string> PipelineAsync(ApiClient api, string named, CancellationToken cancellationToken)
    {
        if (!System.IO.File.Exists(named))
        {
            return LooksLikeAFile(named)
                ? throw new StackException(
                    $"{Path.GetFullPath(named)} is not there. Write a definition with 'serverless init FILE --target COLUMN', or name a stored pipeline with --pipeline."
                )
                : named;
        }

        var yaml = await System.IO.File.ReadAllTextAsync(named, cancellationToken);
        var reading = DefinitionReader.Read(yaml);
        if (reading.Definition is not { } definition)
        {
            throw new StackException(
                $"{named} has {reading.Mistakes.Count} mistake(s):\n{string.Join('\n', reading.Mistakes.Select(mistake => $"  {mistake}"))}"
            );
        }

        foreach (var warning in reading.Warnings)
        {
            Terminal.Out.MarkupLineInterpolated($"[yellow]warning:[/] {warning}");
        }

        yaml = await ProgramFolders.StoreAsync(api, named, yaml, cancellationToken);
        await api.PutDefinitionAsync(definition.Name, yaml, cancellationToken);
        return definition.Name;
    }

    private static bool LooksLikeAFile(string named) => named.AsSpan().ContainsAny("./\\");
}
