using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.View;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Tests.View;

public sealed class RunDisplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Plain_EveryChange_IsOneLine()
    {
        using var output = new StringWriter();
        var display = new PlainRunDisplay(Console(output), new FakeTimeProvider(Start));
        MetricPoint[] points = [new("lightgbm", 7, new Dictionary<string, double> { ["validation.logLoss"] = 0.25 }, Start)];

        display.Show(Run(StageState.Running, StageState.Waiting), []);
        display.Show(Run(StageState.Running, StageState.Waiting), []);
        display.Show(Run(StageState.Done, StageState.Running), points);
        display.Show(Run(StageState.Done, StageState.Running), points);

        Assert.Equal(
            ["ingest    started", "ingest    done  (3.0 s)  10 rows", "train     started", "train     round 7  validation.logLoss 0.2500"],
            output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );
    }

    [Theory]
    [InlineData(new[] { 1.0, 0.5, 0.0 }, "█▅▁")]
    [InlineData(new[] { 2.0, 2.0 }, "▁▁")]
    [InlineData(new double[0], "")]
    [InlineData(new[] { double.NaN }, "")]
    public void Sparkline_Values_SpanTheBars(double[] values, string expected) => Assert.Equal(expected, RunText.Sparkline(values, 10));

    [Theory]
    [InlineData("training: 250 of 1,000 rounds", 0.25)]
    [InlineData("reading: 1,200 of 1,000 rows", 1.0)]
    [InlineData("waits for a worker", null)]
    [InlineData(null, null)]
    public void Fraction_Note_IsReadWhereItSays(string? note, double? expected) => Assert.Equal(expected, RunText.Fraction(note));

    private static RunView Run(StageState ingest, StageState train) =>
        new()
        {
            RunId = "a-1",
            Pipeline = "a",
            File = "a.csv",
            State = RunState.Running,
            CreatedAt = Start,
            UpdatedAt = Start,
            Stages =
            [
                new StageStatus(
                    Stages.Ingest,
                    ingest,
                    Start.AddSeconds(-3),
                    ingest == StageState.Done ? Start : null,
                    ingest == StageState.Done ? "10 rows" : null
                ),
                new StageStatus(Stages.Train, train, train == StageState.Waiting ? null : Start),
            ],
        };

    private static IAnsiConsole Console(TextWriter output) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
}
