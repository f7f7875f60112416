using Serverless.Pipeline.Definitions;
using Serverless.Samples.MachineFailure;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Samples;

/// <summary>The generated rows against the figures of the published 10,000.</summary>
public sealed class MachineFailureGeneratorTests
{
    private const int Seed = 42;
    private static readonly List<MachineRow> Generated = [.. new MachineFailureGenerator(Seed).Rows(300_000)];

    [Theory]
    [InlineData("air", 300.00, 2.00, 0.3)]
    // By the rules the variances add up; in the published rows the two walks happen to run against each other (1.48 K).
    [InlineData("process", 310.01, 2.24, 0.3)]
    [InlineData("difference", 10.00, 1.00, 0.1)]
    [InlineData("speed", 1538.78, 179.28, 20)]
    [InlineData("torque", 39.99, 9.97, 0.3)]
    [InlineData("wear", 107.95, 63.65, 3)]
    public void Rows_Marginals_AreThePublished(string column, double mean, double deviation, double tolerance)
    {
        var values = Generated
            .Select(row =>
                column switch
                {
                    "air" => row.AirTemperature,
                    "process" => row.ProcessTemperature,
                    "difference" => row.ProcessTemperature - row.AirTemperature,
                    "speed" => row.RotationalSpeed,
                    "torque" => row.Torque,
                    _ => row.ToolWear,
                }
            )
            .ToList();
        var average = values.Average();

        Assert.InRange(average, mean - tolerance, mean + tolerance);
        Assert.InRange(
            Math.Sqrt(values.Average(value => (value - average) * (value - average))),
            deviation - tolerance,
            deviation + tolerance
        );
    }

    [Fact]
    public void Rows_FailureRates_AreNearThePublished()
    {
        Assert.InRange(Share(row => row.Failure), 0.028, 0.042);
        Assert.InRange(Share(row => row.ToolWearFailure), 0.003, 0.007);
        Assert.InRange(Share(row => row.HeatDissipationFailure), 0.007, 0.016);
        Assert.InRange(Share(row => row.PowerFailure), 0.006, 0.014);
        Assert.InRange(Share(row => row.OverstrainFailure), 0.006, 0.014);
        Assert.InRange(Share(row => row.RandomFailure), 0.0007, 0.0013);
        Assert.InRange(Share(row => row.Type == 'L'), 0.49, 0.51);
        Assert.InRange(Share(row => row.Type == 'H'), 0.19, 0.21);
    }

    [Fact]
    public void WriteCsv_SameSeed_GivesTheSameText()
    {
        Assert.Equal(Text(1), Text(1));
        Assert.NotEqual(Text(1), Text(2));
        Assert.Equal(101, Text(1).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        static string Text(int seed)
        {
            using var writer = new StringWriter();
            new MachineFailureGenerator(seed).WriteCsv(writer, 100);
            return writer.ToString();
        }
    }

    [Fact]
    public void Definition_OfTheSample_IsRead()
    {
        var reading = DefinitionReader.Read(File.ReadAllText(RepositoryRoot.File("samples", "machine-failure", "pipeline.yaml")));

        Assert.True(reading.Definition is not null, string.Join('\n', reading.Mistakes));
        Assert.Empty(reading.Warnings);
    }

    private static double Share(Func<MachineRow, bool> holds) => (double)Generated.Count(holds) / Generated.Count;
}
