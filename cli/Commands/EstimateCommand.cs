using System.CommandLine;
using System.Globalization;
using Serverless.Cli.Estimate;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Costs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless estimate</c>: what a month costs, before anything is deployed.</summary>
internal static class EstimateCommand
{
    private static readonly ExpectedLoad Default = new();

    private static readonly Argument<string> Parameters = new("parameters")
    {
        Description = "Bicep parameter file.",
        DefaultValueFactory = _ => Path.Combine("infra", "dev.bicepparam"),
    };

    private static readonly Option<string> Region = Named("--region", "Azure region.", "NAME", "westeurope");
    private static readonly Option<int> Runs = Named("--runs", "Runs a month.", "N", Default.Runs);
    private static readonly Option<decimal> Hours = Named("--hours", "Hours of training a run.", "H", Default.Hours);
    private static readonly Option<long> Predictions = Named(
        "--predictions",
        "Requests for predictions a month.",
        "N",
        Default.Predictions
    );
    private static readonly Option<int> Together = Named("--together", "Requests that share an instance's second.", "N", Default.Together);
    private static readonly Option<int> Milliseconds = Named("--ms", "Milliseconds of a request.", "N", Default.Milliseconds);
    private static readonly Option<decimal> Data = Named("--data-gb", "Stored data.", "GB", Default.DataGb);
    private static readonly Option<decimal> Logs = Named("--logs-gb", "Logs, metrics and traces a month.", "GB", Default.LogsGb);
    private static readonly Option<long> Events = Named("--events", "Events into Event Hubs a month, with streaming.", "N", Default.Events);
    private static readonly Option<string?> Pool = new("--pool")
    {
        Description = "Pool that trains. Default: the first.",
        HelpName = "NAME",
    };
    private static readonly Option<FileInfo?> Prices = new("--prices")
    {
        Description = "A price table of your own (form: pipeline/Costs/prices.json). Default: the built-in one.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "JSON, for programs." };

    public static Command Create()
    {
        var command = new Command("estimate", "What a month on Azure costs: idle first, then with a load, Spot and on demand.")
        {
            Parameters,
            Region,
            Runs,
            Hours,
            Pool,
            Predictions,
            Together,
            Milliseconds,
            Data,
            Logs,
            Events,
            Prices,
            Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult arguments)
    {
        var load = new ExpectedLoad
        {
            Runs = AtLeast(arguments, Runs, 0),
            Hours = AtLeast(arguments, Hours, 0),
            Pool = arguments.GetValue(Pool),
            Predictions = AtLeast(arguments, Predictions, 0),
            Together = AtLeast(arguments, Together, 1),
            Milliseconds = AtLeast(arguments, Milliseconds, 1),
            DataGb = AtLeast(arguments, Data, 0),
            LogsGb = AtLeast(arguments, Logs, 0),
            Events = AtLeast(arguments, Events, 0),
        };
        var parameters = DeploymentParameters.Read(arguments.GetRequiredValue(Parameters));
        var report = new MonthlyCost(parameters, load, Table(arguments.GetValue(Prices)), arguments.GetRequiredValue(Region)).Report();
        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(report);
        }
        else
        {
            Write(Terminal.Out, report);
        }

        return 0;
    }

    private static void Write(IAnsiConsole console, CostReport report)
    {
        console.WriteLine($"Environment {report.Environment} in {report.Region}, {report.Currency} a month");
        var idle = Terminal.List("idle", "a month of", "cost");
        foreach (var line in report.Idle)
        {
            idle.Row(line.What, Amount(line), Money(line.OnDemand));
        }

        idle.Row("total when idle", "", Money(report.IdleTotal));
        console.Write(idle);
        var load = Terminal.List("load", "a month of", "with Spot", "on demand");
        foreach (var line in report.Load)
        {
            load.Row(line.What, Amount(line), Money(line.Spot), Money(line.OnDemand));
        }

        load.Row("total with what idles", "", Money(report.SpotTotal), Money(report.OnDemandTotal));
        console.Write(load);
        foreach (var note in report.Notes)
        {
            console.WriteLine($"- {note}");
        }

        console.WriteLine("Prices change, Spot prices daily; those used here:");
        foreach (var source in report.Sources.Values)
        {
            console.WriteLine($"- {source.Date}: {source.What}. {source.Url}");
        }
    }

    private static string Amount(CostLine line) => string.Create(CultureInfo.InvariantCulture, $"{line.Quantity:#,0.####} {line.Unit}");

    private static string Money(decimal? amount) =>
        amount is { } known ? known.ToString("#,0.00", CultureInfo.InvariantCulture) : "unknown";

    private static PriceTable Table(FileInfo? file)
    {
        if (file is null)
        {
            return PriceTable.BuiltIn;
        }

        return file.Exists
            ? PriceTable.Parse(File.ReadAllText(file.FullName), file.FullName)
            : throw new StackException($"{file.FullName} is not there; expected a price table (--prices). Check the name.");
    }

    private static Option<T> Named<T>(string name, string description, string help, T value) =>
        new(name)
        {
            Description = description,
            HelpName = help,
            DefaultValueFactory = _ => value,
        };

    private static T AtLeast<T>(ParseResult arguments, Option<T> option, T least)
        where T : System.Numerics.INumber<T>
    {
        var value = arguments.GetRequiredValue(option);
        return value >= least ? value : throw new StackException($"{option.Name} is {value}; expected {least} or more.");
    }
}
