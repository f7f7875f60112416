using System.CommandLine;
using System.Text.Json;
using Serverless.Cli.Api;
using Serverless.Cli.Csv;
using Serverless.Cli.Stack;
using Serverless.Cli.View;
using Serverless.Pipeline;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless predict MODEL</c>: rows from a file or the command line, answers as a table or JSON.</summary>
internal static class PredictCommand
{
    private static readonly Argument<string> Model = new("model") { Description = "The model's name." };
    private static readonly Option<FileInfo?> File = new("--file", "-f")
    {
        Description = "Rows: CSV with a header, or a JSON array of objects.",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Row = new("--row")
    {
        Description = """One row as JSON: '{"Type":"L", ...}'.""",
        HelpName = "JSON",
    };
    private static readonly Option<int?> Version = new("--version", "-n")
    {
        Description = "A version. Default: the champion.",
        HelpName = "N",
    };
    private static readonly Option<bool> Json = new("--json") { Description = "The API's answer as it is." };

    public static Command Create()
    {
        var command = new Command("predict", "Ask a model.") { Model, File, Row, Version, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        var model = arguments.GetRequiredValue(Model);
        var version = arguments.GetValue(Version);
        var rows = await RowsAsync(api, model, version, arguments.GetValue(File), arguments.GetValue(Row), cancellationToken);
        var answer = await api.PredictAsync(model, version, rows, cancellationToken);
        if (arguments.GetValue(Json))
        {
            Console.Out.WriteLine(answer);
            return 0;
        }

        AnswerText.Write(Terminal.Out, answer);
        return 0;
    }

    private static async Task<string> RowsAsync(
        ApiClient api,
        string model,
        int? version,
        FileInfo? file,
        string? row,
        CancellationToken cancellationToken
    )
    {
        if (row is not null && file is null)
        {
            RequireJson(row);
            return row.AsSpan().TrimStart() is ['[', ..] ? row : $"[{row}]";
        }

        if (file is null || row is not null)
        {
            throw new StackException(
                """Found neither or both of --file and --row; expected one, such as --row '{"column": 1}' or --file rows.csv."""
            );
        }

        if (!file.Exists)
        {
            throw new StackException($"{file.FullName} is not there; expected rows as CSV or JSON. Check the name.");
        }

        var text = await System.IO.File.ReadAllTextAsync(file.FullName, cancellationToken);
        if (text.AsSpan().TrimStart() is ['[', ..] or ['{', ..])
        {
            return text.AsSpan().TrimStart() is ['{', ..] ? $"[{text}]" : text;
        }

        var number =
            version
            ?? (await api.ModelAsync(model, cancellationToken)).Aliases.Champion
            ?? throw new StackException($"Model {model} has no champion yet; name a version with --version.");
        var manifest = await api.ManifestAsync(model, number, cancellationToken);
        return CsvRows.ToJson(text, file.Name, manifest.Signature.Inputs);
    }

    /// <summary>A shell that takes the quotes away is the usual reason, and then the app's message would speak of brackets that nobody wrote.</summary>
    private static void RequireJson(string row)
    {
        try
        {
            using var _ = JsonDocument.Parse(row);
        }
        catch (JsonException wrong)
        {
            throw new StackException(
                $$"""--row is '{{row}}'; expected JSON such as '{"column": 1}', in single quotes. {{wrong.Message.FirstLine()}}""",
                wrong
            );
        }
    }
}
