using System.Globalization;
using System.Text;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Monitoring;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.EndToEnd.Tests.Monitoring;

/// <summary>A model in production is asked what it knows, then what it does not.</summary>
public sealed class DriftTests : IAsyncLifetime
{
    private Collector? collector;
    private TestStack? stack;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Collector Collector => collector!;

    private TestStack Stack => stack!;

    public async ValueTask InitializeAsync()
    {
        collector = await Collector.StartAsync();
        stack = await TestStack.StartAsync(environment: collector.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        await Collector.DisposeAsync();
    }

    [Fact]
    public async Task ShiftedRows_AfterUndriftedOnes_GiveAReportAMetricAndOneRun()
    {
        const string Name = "drifting";
        var definition = SmallData.Definition(Name, "gate: { beatChampionBy: -1 }\nmonitoring: { drift: { psi: 0.25 }, retrain: true }");
        var first = await Stack.SucceedsAsync(await Stack.DropAsync(definition, "one.csv", SmallData.Csv(71)));
        await Stack.PredictAsync(Name, 1, Rows(seed: 72, rows: 400, shift: 0));

        var calm = await Stack.Api.CheckDriftAsync(Name, Token);
        Assert.True(calm.State == DriftState.Steady, string.Join(", ", calm.Columns));
        Assert.InRange(calm.Rows, 400, 4000);
        Assert.InRange(calm.ReferenceRows, 150, 300);
        Assert.Single(await Stack.RunsAsync(Name));

        await Stack.PredictAsync(Name, 1, Rows(seed: 73, rows: 1200, shift: 0.8));
        var drifted = await Stack.Api.CheckDriftAsync(Name, Token);
        Assert.Equal(DriftState.Drifted, drifted.State);
        Assert.True(drifted.Columns.Single(column => column.Column == "x") is { Drifted: true, Psi: > 0.25 });
        Assert.False(drifted.Columns.Single(column => column.Column == "kind").Drifted);
        Assert.NotNull(drifted.RetrainingRun);
        Assert.NotEqual(first.RunId, drifted.RetrainingRun);

        // Once, whatever comes after.
        var again = await Stack.Api.CheckDriftAsync(Name, Token);
        Assert.Equal((DriftState.Drifted, null), (again.State, again.RetrainingRun));
        Assert.Contains(drifted.RetrainingRun, again.Note, StringComparison.Ordinal);
        var listed = await Stack.Api.DriftAsync(Name, top: 10, Token);
        Assert.Contains(listed, report => report.RetrainingRun == drifted.RetrainingRun);

        await Eventually.HoldsAsync(
            () =>
                Collector.Points.Any(point =>
                    point.Metric == "serverless.drift.psi"
                    && point.Value > 0.25
                    && point.Tags["model"] == Name
                    && point.Tags["version"] == "1"
                    && point.Tags["column"] == "x"
                ),
            "the index of column x at the collector",
            Token
        );
        await Eventually.HoldsAsync(
            () =>
                Collector.Logs.Any(line =>
                    line.Tags.GetValueOrDefault("Model") == Name && line.Text.Contains("drift", StringComparison.Ordinal)
                ),
            "the warning at the collector",
            Token
        );

        var retrained = await Stack.SucceedsAsync(drifted.RetrainingRun);
        Assert.True(retrained is { Deployed: true, ModelVersion: 2 });
        Assert.Equal(2, (await Stack.RunsAsync(Name)).Count);
    }

    /// <summary>Rows as <see cref="SmallData"/> makes them, moved up in <c>x</c> and <c>y</c>.</summary>
    private static string Rows(int seed, int rows, double shift)
    {
        var random = new Random(seed);
        var text = new StringBuilder("[");
        for (var row = 0; row < rows; row++)
        {
            var (x, y) = (shift + random.NextDouble(), shift + random.NextDouble());
            var comma = row == 0 ? "" : ",";
            text.Append(CultureInfo.InvariantCulture, $$"""{{comma}}{"x": {{x}}, "y": {{y}}, "kind": "{{"abc"[random.Next(3)]}}"}""");
        }

        return text.Append(']').ToString();
    }
}
