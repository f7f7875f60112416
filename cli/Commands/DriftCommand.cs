using System.CommandLine;
using System.Globalization;
using Serverless.Cli.Api;
using Serverless.Pipeline.Monitoring;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless drift NAME</c>.</summary>
internal static class DriftCommand
{
    private static readonly Argument<string> Model = new("name") { Description = "A model in production." };

    private static readonly Option<bool> Now = new("--now")
    {
        Description = "Judge the window that ends now, in place of the latest report.",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "The API's document." };

    public static Command Create()
    {
        var command = new Command("drift", "Tell whether a model's requests still look like the data it was tested on.")
        {
            Model,
            Now,
            Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        var model = arguments.GetRequiredValue(Model);
        var report =
            arguments.GetValue(Now) ? await api.CheckDriftAsync(model, cancellationToken)
            : await api.DriftAsync(model, top: 1, cancellationToken) is [var latest, ..] ? latest
            : null;
        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(report);
        }
        else if (report is null)
        {
            Terminal.Out.WriteLine(
                $"No report yet: one comes after each window (monitoring.window). 'serverless drift {model} --now' makes one."
            );
        }
        else
        {
            Write(report);
        }

        return 0;
    }

    private static void Write(DriftReport report)
    {
        Terminal.Out.WriteLine(
            $"{report.Model} v{report.Version}, {Minute(report.From)} to {Minute(report.To)}: {report.Rows:N0} rows against {report.ReferenceRows:N0}, {State(report)}"
        );
        if (report.Columns.Count > 0)
        {
            var table = Terminal.List("column", "index", "by chance up to", "missing", "missing before", "");
            foreach (var column in report.Columns)
            {
                table.Row(
                    column.Column,
                    Number(column.Psi),
                    Number(column.Chance),
                    Share(column.Missing),
                    Share(column.ReferenceMissing),
                    column.Drifted ? "drifted" : ""
                );
            }

            Terminal.Out.Write(table);
        }

        if (report.RetrainingRun is { } run)
        {
            Terminal.Out.WriteLine($"Started run {run}.");
        }

        if (report.Note is { } note)
        {
            Terminal.Out.WriteLine(note);
        }
    }

    private static string State(DriftReport report) =>
        report.State switch
        {
            DriftState.Drifted => $"drifted (threshold {Number(report.Threshold)})",
            DriftState.Steady => $"steady (threshold {Number(report.Threshold)})",
            _ => $"too few rows to tell; {DriftRules.MinRows} on both sides are the least",
        };

    private static string Minute(DateTimeOffset moment) => moment.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Share(double value) => value.ToString("0.0 %", CultureInfo.InvariantCulture);
}
