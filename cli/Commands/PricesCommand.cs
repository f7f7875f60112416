using System.CommandLine;
using System.Text.Json;
using Serverless.Cli.Estimate;
using Serverless.Cli.Stack;
using Serverless.Pipeline;
using Serverless.Pipeline.Costs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless prices FILE</c>: a price table with today's machine prices of a region.</summary>
internal static class PricesCommand
{
    private static readonly Argument<string> File = new("file")
    {
        Description = "Where to write the table; one that is there is refreshed.",
    };

    private static readonly Option<string> Region = new("--region")
    {
        Description = "Azure region.",
        DefaultValueFactory = _ => "westeurope",
        HelpName = "NAME",
    };

    private static readonly Option<string> Address = new("--api")
    {
        Description = "Address of the price API.",
        DefaultValueFactory = _ => RetailPrices.Address,
        HelpName = "URL",
    };

    public static Command Create()
    {
        var command = new Command("prices", "Write a price table with today's machine prices of a region, for 'estimate --prices'.")
        {
            File,
            Region,
            Address,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = Path.GetFullPath(arguments.GetRequiredValue(File));
        if (!Uri.TryCreate(arguments.GetRequiredValue(Address), UriKind.Absolute, out var address))
        {
            throw new StackException(
                $"--api is '{arguments.GetRequiredValue(Address)}'; expected an address such as {RetailPrices.Address}."
            );
        }

        var before = System.IO.File.Exists(file)
            ? PriceTable.Parse(await System.IO.File.ReadAllTextAsync(file, cancellationToken), file)
            : PriceTable.BuiltIn;
        using var http = new HttpClient { BaseAddress = address };
        var region = arguments.GetRequiredValue(Region);
        var table = await new RetailPrices(http, TimeProvider.System).RefreshAsync(before, region, cancellationToken);
        await System.IO.File.WriteAllTextAsync(file, JsonSerializer.Serialize(table, PipelineJson.Readable), cancellationToken);
        var sizes = table.Machines.Count(machine => machine.Region == region);
        Terminal.Out.WriteLine(
            $"Wrote {file} with {sizes} sizes of {region}. All prices but those of machines are as before, with their dates."
        );
        return 0;
    }
}
