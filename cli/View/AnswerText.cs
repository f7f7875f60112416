using System.Text.Json;
using Serverless.Cli.Commands;
using Spectre.Console;

namespace Serverless.Cli.View;

/// <summary>A model's answer as a table, and below it what was odd about the rows.</summary>
internal static class AnswerText
{
    /// <param name="console">Where to.</param>
    /// <param name="answer">The API's JSON.</param>
    public static void Write(IAnsiConsole console, string answer)
    {
        using var document = JsonDocument.Parse(answer);
        var root = document.RootElement;
        console.WriteLine($"{root.GetProperty("model").GetString()} v{root.GetProperty("version")}");
        var table = Terminal.List("row", "prediction", "probability");
        var row = 0;
        foreach (var prediction in root.GetProperty("predictions").EnumerateArray())
        {
            table.Row($"{++row}", $"{prediction.GetProperty("prediction")}", Probability(prediction));
        }

        console.Write(table);
        if (root.TryGetProperty("warnings", out var warnings))
        {
            foreach (var warning in warnings.EnumerateArray())
            {
                console.MarkupLineInterpolated($"[yellow]warning:[/] {warning.GetString()}");
            }
        }
    }

    private static string Probability(JsonElement prediction)
    {
        if (prediction.TryGetProperty("probability", out var single) && single.ValueKind == JsonValueKind.Number)
        {
            return RunText.Number(single.GetDouble());
        }

        return prediction.TryGetProperty("probabilities", out var all) && all.ValueKind == JsonValueKind.Object
            ? string.Join("  ", all.EnumerateObject().Select(one => $"{one.Name} {RunText.Number(one.Value.GetDouble())}"))
            : "";
    }
}
