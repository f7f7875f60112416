using System.Text.Json;
using Serverless.Pipeline;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary>How commands write.</summary>
internal static class Terminal
{
    public static IAnsiConsole Out => AnsiConsole.Console;

    /// <summary>The document as JSON on standard output, for programs.</summary>
    public static void WriteJson<T>(T document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, PipelineJson.Readable));

    /// <summary>A table with a header, as all lists are shown.</summary>
    public static Table List(params ReadOnlySpan<string> headers)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in headers)
        {
            table.AddColumn(new TableColumn(new Text(header, new Style(decoration: Decoration.Bold))));
        }

        return table;
    }

    /// <summary>Adds a row of texts as they are.</summary>
    public static void Row(this Table table, params IEnumerable<string> cells) => table.AddRow(cells.Select(cell => new Text(cell)));
}
