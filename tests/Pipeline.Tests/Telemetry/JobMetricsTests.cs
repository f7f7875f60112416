using System.Diagnostics.Metrics;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Tests.Telemetry;

/// <summary>What workers say of claims, and of the machines that help them.</summary>
public sealed class JobMetricsTests : IDisposable
{
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse("2030-01-01T00:00:00Z");

    private static readonly MachineInfo Spot = new("spot-1", MachineKind.Spot, "Standard_D2as_v5", "eastus")
    {
        SpotPrice = 0.36m,
        OnDemandPrice = 3.6m,
    };

    private static readonly MachineInfo Demand = Spot with { Name = "demand-1", Kind = MachineKind.OnDemand };

    private readonly MeterListener listener = new();
    private readonly List<(string Name, double Value, Dictionary<string, object?> Tags)> said = [];

    public JobMetricsTests()
    {
        listener.InstrumentPublished = (instrument, heard) =>
        {
            // Tests beside these score rows and say so by the same meter.
            if (
                instrument.Meter == Signals.Meter
                && instrument.Name is var name
                && (name.StartsWith("serverless.job.", StringComparison.Ordinal) || name == "serverless.evictions")
            )
            {
                heard.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument.Name, value, tags));
        listener.Start();
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public void Claimed_FirstTime_TellsHowLongItWaited()
    {
        JobMetrics.Claimed(Job(), Result(Claim(Spot, 1, 0, ClaimEnding.None, startsAfter: 12)));

        var (_, value, tags) = Assert.Single(said);
        Assert.Equal((12, "cpu-spot"), (value, tags["pool"]));
    }

    [Fact]
    public void Claimed_TheOneBeforeVanished_CountsAnEvictionAndChargesItsTime()
    {
        var vanished = Claim(Spot, 1, 100, ClaimEnding.Vanished);

        JobMetrics.Claimed(Job(), Result(vanished, Claim(Demand, 2, 0, ClaimEnding.None)));

        Assert.Equal([("serverless.evictions", 1, "cpu-spot"), ("serverless.job.cost", 0.01, "cpu-spot")], Said());
    }

    [Fact]
    public void Claimed_AMachineOnDemandVanished_IsNoEviction()
    {
        JobMetrics.Claimed(Job(), Result(Claim(Demand, 1, 100, ClaimEnding.Vanished), Claim(Spot, 2, 0, ClaimEnding.None)));

        Assert.Empty(said);
    }

    [Fact]
    public void Ended_WithHelpers_ChargesThemAndCountsTheirEvictions()
    {
        MemberUse[] members =
        [
            new(1, 1, Spot with { Name = "spot-2" }, Start, Start.AddSeconds(50)) { Evicted = true },
            new(2, 1, Spot with { Name = "spot-3" }, Start, Start.AddSeconds(100)),
            // Its machine is not Spot: it failed, which is no eviction.
            new(2, 2, Demand, Start, Start.AddSeconds(100)) { Evicted = true },
        ];

        JobMetrics.Ended(Job(), Claim(Spot, 1, 200, ClaimEnding.Succeeded) with { Members = members });

        Assert.Equal(
            [
                ("serverless.evictions", 1, "cpu-spot"),
                ("serverless.job.cost", 0.005, "cpu-spot"),
                ("serverless.job.cost", 0.01, "cpu-spot"),
                ("serverless.job.cost", 0.02, "cpu-spot"),
                ("serverless.job.cost", 0.1, "cpu-demand"),
                ("serverless.job.duration", 200, "cpu-spot"),
            ],
            Said().OrderBy(each => each.Name).ThenBy(each => each.Value)
        );
    }

    [Fact]
    public void Ended_Evicted_IsCountedOnceWithItsHelpers()
    {
        var member = new MemberUse(1, 1, Spot with { Name = "spot-2" }, Start, Start.AddSeconds(50)) { Evicted = true };

        JobMetrics.Ended(Job(), Claim(Spot, 1, 100, ClaimEnding.Evicted) with { Members = [member] });

        Assert.Equal(2, said.Where(each => each.Name == "serverless.evictions").Sum(each => each.Value));
    }

    [Fact]
    public void Ended_OnAMachineOfOnesOwn_CostsNothing()
    {
        JobMetrics.Ended(Job(), Claim(new MachineInfo("laptop", MachineKind.Local), 1, 100, ClaimEnding.Succeeded));

        Assert.Equal([("serverless.job.duration", 100, "cpu-local")], Said());
    }

    private IEnumerable<(string Name, double Value, string? Pool)> Said() =>
        said.Select(each => (each.Name, Math.Round(each.Value, 6), (string?)each.Tags["pool"]));

    private void Hear(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        said.Add((name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));

    private static JobResult Result(params ClaimUse[] claims) =>
        new()
        {
            State = JobState.Running,
            Fence = claims[^1].Fence,
            Claims = claims,
        };

    private static ClaimUse Claim(MachineInfo machine, int fence, int seconds, ClaimEnding ending, int startsAfter = 0) =>
        new()
        {
            Fence = fence,
            Machine = machine,
            StartedAt = Start.AddSeconds(startsAfter),
            SeenAt = Start.AddSeconds(startsAfter + seconds),
            Ending = ending,
        };

    private static JobSpec Job() =>
        new()
        {
            JobId = "job",
            Kind = JobKind.Train,
            Queue = Queues.JobsCpu,
            Pipeline = "metrics",
            RunId = "run",
            NotifyInstance = "run",
            CreatedAt = Start,
        };
}
