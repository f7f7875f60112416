using Serverless.Cli.View;
using Spectre.Console;

namespace Serverless.Cli.Tests.View;

public sealed class AnswerTextTests
{
    private const string Answer = """
        {
          "model": "m", "version": 3, "runId": "r", "dataVersion": "d",
          "predictions": [{ "prediction": "yes", "probability": 0.75 }]WARNINGS
        }
        """;

    [Fact]
    public void Write_RowsWithSomethingOdd_SaysItBelowThem()
    {
        var said = Written(
            Answer.Replace("WARNINGS", """, "warnings": ["Column 'Torque [Nm]' is missing in row 1."]""", StringComparison.Ordinal)
        );

        Assert.Equal("m v3", said[0]);
        Assert.Contains(said, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["1", "yes", "0.7500"]);
        Assert.Equal("warning: Column 'Torque [Nm]' is missing in row 1.", said[^1]);
    }

    [Fact]
    public void Write_RowsAsExpected_HasNoWarning() =>
        Assert.DoesNotContain(
            Written(Answer.Replace("WARNINGS", "", StringComparison.Ordinal)),
            line => line.Contains("warning", StringComparison.Ordinal)
        );

    private static string[] Written(string answer)
    {
        using var output = new StringWriter();
        var settings = new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) };
        AnswerText.Write(AnsiConsole.Create(settings), answer);
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
