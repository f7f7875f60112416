using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.View;
using Serverless.Pipeline.Registry;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless models [NAME]</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Argument<string?> Model = new("name")
    {
        Description = "A model, to list its versions.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> Json = new("--json") { Description = "The API's document." };

    public static Command Create()
    {
        var command = new Command("models", "List models, or the versions of one.") { Model, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        if (arguments.GetValue(Model) is { } name)
        {
            var details = await api.ModelAsync(name, cancellationToken);
            Write(arguments, details, () => Versions(details));
            return 0;
        }

        var models = await api.ModelsAsync(cancellationToken);
        Write(arguments, models, () => Models(models));
        return 0;
    }

    private static void Write<T>(ParseResult arguments, T document, Action people)
    {
        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(document);
        }
        else
        {
            people();
        }
    }

    private static void Models(IReadOnlyList<ModelSummary> models)
    {
        if (models.Count == 0)
        {
            Terminal.Out.WriteLine("No models. A run registers one: 'serverless run FILE'.");
            return;
        }

        var table = Terminal.List("model", "versions", "champion", "candidate");
        foreach (var model in models)
        {
            table.Row(model.Name, $"{model.Versions}", Version(model.Champion), Version(model.Candidate));
        }

        Terminal.Out.Write(table);
    }

    private static void Versions(ModelDetails details)
    {
        var table = Terminal.List("version", "answers", "gate", "metric", "value", "run", "created");
        foreach (var version in details.Versions)
        {
            table.Row(
                $"v{version.Version}",
                version.Version == details.Aliases.Champion ? "champion"
                    : version.Version == details.Aliases.Candidate ? "candidate"
                    : version.Version == details.Aliases.Previous ? "previous"
                    : "",
                version.Passed ? "passed" : "not passed",
                version.Metric,
                version.Value is { } value ? RunText.Number(value) : "",
                version.RunId,
                version.CreatedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", null)
            );
        }

        Terminal.Out.Write(table);
    }

    private static string Version(int? version) => version is null ? "" : $"v{version}";
}
