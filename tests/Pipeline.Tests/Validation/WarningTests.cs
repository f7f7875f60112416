using System.Globalization;
using System.Text;
using Serverless.Pipeline.Tests.Datasets;
using Serverless.Pipeline.Validation;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Validation;

public sealed class WarningTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string Binary = "{ target: y, task: binary }";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_OrdinaryFile_WarnsOfNothing()
    {
        using var rig = IngestionRig.For(azurite, "warn-nothing", Binary);

        var (_, report) = await rig.IngestAsync(IngestionRig.Csv(1_000));

        Assert.Empty(report.Problems);
    }

    [Theory]
    [InlineData("constant", "constant-column", "z", "7")]
    [InlineData("empty", "empty-column", "z", "")]
    [InlineData("ids", "id-like-column", "z", "ROW")]
    [InlineData("text-ids", "id-like-column", "z", "idROW")]
    [InlineData("nan", "nan-values", "z", "NAN")]
    [InlineData("twins", "duplicate-column", "w", "TWIN")]
    public async Task RunAsync_UselessColumn_Warns(string name, string code, string column, string value)
    {
        using var rig = IngestionRig.For(azurite, $"warn-{name}", Binary);

        var (outcome, report) = await rig.IngestAsync(
            IngestionRig.Csv(
                300,
                row =>
                    value switch
                    {
                        "ROW" => $"{row},1",
                        "NAN" => row % 9 == 0 ? "NaN,1" : $"{row % 5}.5,1",
                        "TWIN" => $"{row * 7 % 31},{row * 7 % 31}",
                        _ => $"{value.Replace("ROW", $"{row}", StringComparison.Ordinal)},1",
                    },
                "z,w"
            )
        );

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Contains(
            report.Problems,
            problem => problem.Code == code && problem.Column == column && problem.Severity == Severity.Warning
        );
    }

    [Fact]
    public async Task RunAsync_LeakingColumns_Warns()
    {
        using var rig = IngestionRig.For(azurite, "warn-leaks", Binary);
        var random = new Random(5);
        var csv = new StringBuilder("honest,score,word,reason,same,y\n");
        for (var row = 0; row < 2_000; row++)
        {
            var y = random.Next(10) == 0 ? 1 : 0;
            var reason = y == 1 && random.Next(3) == 0 ? "broken" : "none";
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{random.NextDouble():F3},{y + (random.NextDouble() * 0.99):F3},{(y == 1 ? "bad" : random.Next(2) == 0 ? "fine" : "good")},{reason},{y},{y}\n"
            );
        }

        var (_, report) = await rig.IngestAsync(csv.ToString());

        Assert.Equal(
            ["reason", "same", "score", "word"],
            report.Problems.Where(problem => problem.Code == "leaking-column").Select(problem => problem.Column).Distinct().Order()
        );
    }

    [Fact]
    public async Task RunAsync_LeakInRegression_Warns()
    {
        using var rig = IngestionRig.For(azurite, "warn-leak-regression", "{ target: y, task: regression }");
        var random = new Random(6);
        var csv = new StringBuilder("honest,cents,y\n");
        for (var row = 0; row < 500; row++)
        {
            var y = random.NextDouble() * 100;
            csv.Append(CultureInfo.InvariantCulture, $"{y + (random.NextDouble() * 30):F3},{y * 100:F0},{y:F2}\n");
        }

        var (_, report) = await rig.IngestAsync(csv.ToString());

        Assert.Equal("cents", Assert.Single(report.Problems, problem => problem.Code == "leaking-column").Column);
    }

    [Fact]
    public async Task RunAsync_FewMissingTargets_AreLeftOut()
    {
        using var rig = IngestionRig.For(azurite, "warn-missing-target", Binary);

        var (outcome, report) = await rig.IngestAsync(IngestionRig.Csv(1_000) + "5,A,\n6,B,NA\n");

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Equal((1_002, 1_000), (outcome.Rows, outcome.TrainRows + outcome.ValidationRows + outcome.TestRows));
        var problem = Assert.Single(report.Problems, problem => problem.Code == "target-values-missing");
        Assert.Equal((Severity.Warning, 1_001L, 2L), (problem.Severity, problem.Row, problem.Rows));
    }

    [Fact]
    public async Task RunAsync_DuplicateRows_Warns()
    {
        using var rig = IngestionRig.For(azurite, "warn-duplicate-rows", Binary);
        var csv = IngestionRig.Csv(500);

        var (_, report) = await rig.IngestAsync(csv + csv["x,kind,y\n".Length..]);

        Assert.Contains(
            report.Problems,
            problem => problem.Code == "duplicate-rows" && problem.Found.Contains("50", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task RunAsync_OtherDistributionThanLastTime_Warns()
    {
        using var rig = IngestionRig.For(azurite, "warn-skew", Binary);
        await rig.IngestAsync(IngestionRig.Csv(2_000, row => $"{row % 10}.5,{(row % 2 == 0 ? "u" : "v")}", "moved,word"));

        var (_, same) = await rig.IngestAsync(
            IngestionRig.Csv(2_000, row => $"{row % 10}.5,{(row % 2 == 0 ? "u" : "v")}", "moved,word", seed: 2)
        );
        var (_, moved) = await rig.IngestAsync(
            IngestionRig.Csv(2_000, row => $"{(row % 10) + 6}.5,{(row % 9 == 0 ? "u" : "w")}", "moved,word", seed: 3)
        );

        Assert.Empty(same.Problems);
        Assert.Equal(["moved", "word"], moved.Problems.Where(problem => problem.Code == "skew").Select(problem => problem.Column).Order());
    }

    [Theory]
    [InlineData("between", "{ column: x, between: [0, 9.5] }", Severity.Error)]
    [InlineData("between-open", "{ column: x, between: [1, null], warn: true }", Severity.Warning)]
    [InlineData("in", "{ column: kind, in: [A, B] }", Severity.Error)]
    [InlineData("in-numbers", "{ column: y, in: [0, 2.0] }", Severity.Error)]
    [InlineData("matches", "{ column: kind, matches: '[AB]' }", Severity.Error)]
    [InlineData("notnull", "{ column: z, notNull: true }", Severity.Error)]
    [InlineData("mostly", "{ column: kind, in: [A, B], mostly: 0.9 }", Severity.Error)]
    [InlineData("unique", "{ column: z, unique: true }", Severity.Error)]
    [InlineData("maxmissing", "{ column: z, maxMissing: 0.05 }", Severity.Error)]
    [InlineData("rowsbetween", "{ rowsBetween: [1000, null] }", Severity.Error)]
    [InlineData("unknown-column", "{ column: knid, notNull: true }", Severity.Error)]
    [InlineData("wrong-kind", "{ column: kind, between: [0, 1] }", Severity.Error)]
    public async Task RunAsync_BrokenExpectation_IsQuoted(string name, string expectation, Severity severity)
    {
        using var rig = IngestionRig.For(azurite, $"expect-{name}", Binary, $"expectations:\n  - {expectation}");

        var (outcome, report) = await rig.IngestAsync(IngestionRig.Csv(500, row => row % 10 == 7 ? "" : $"{row % 40}", "z"));

        var problem = Assert.Single(report.Problems, problem => problem.Code == "expectation");
        Assert.Equal(severity, problem.Severity);
        Assert.Equal(severity == Severity.Warning, outcome.Accepted);
        Assert.Contains("line 4 of pipeline.yaml", problem.Expectation!, StringComparison.Ordinal);
        if (name is "between" or "in" or "matches" or "notnull")
        {
            Assert.True(problem.Row > 0 && problem.Rows > 0);
        }

        if (name == "notnull")
        {
            Assert.Equal((8L, 50L), (problem.Row, problem.Rows));
        }
    }

    [Theory]
    [InlineData("between", "{ column: x, between: [0, 10] }")]
    [InlineData("in", "{ column: kind, in: [A, B, C] }")]
    [InlineData("in-numbers", "{ column: y, in: [0, 1] }")]
    [InlineData("matches", "{ column: kind, matches: '[A-C]' }")]
    [InlineData("mostly", "{ column: z, notNull: true, mostly: 0.9 }")]
    [InlineData("maxmissing", "{ column: z, maxMissing: 0.1 }")]
    [InlineData("rowsbetween", "{ rowsBetween: [500, 500] }")]
    public async Task RunAsync_ExpectationHeld_IsSilent(string name, string expectation)
    {
        using var rig = IngestionRig.For(azurite, $"held-{name}", Binary, $"expectations:\n  - {expectation}");

        var (outcome, report) = await rig.IngestAsync(IngestionRig.Csv(500, row => row % 10 == 7 ? "" : $"{row % 40}", "z"));

        Assert.True(outcome.Accepted, outcome.FirstError);
        Assert.Empty(report.Problems);
    }
}
