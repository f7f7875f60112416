using System.Diagnostics.Metrics;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Telemetry;

/// <summary>What workers say of their jobs. A pool is a queue's machines of one price: <c>cpu-spot</c>, <c>gpu-demand</c>, <c>cpu-local</c>.</summary>
public static class JobMetrics
{
    private static readonly Histogram<double> Wait = Signals.Meter.CreateHistogram(
        "serverless.job.wait",
        "s",
        "From a job's making to its first claim.",
        advice: Buckets.Minutes
    );

    private static readonly Histogram<double> Duration = Signals.Meter.CreateHistogram(
        "serverless.job.duration",
        "s",
        "Of a claim, by how it ended.",
        advice: Buckets.Minutes
    );

    private static readonly Gauge<double> Progress = Signals.Meter.CreateGauge<double>(
        "serverless.job.progress",
        "1",
        "Share of the phase that is done, where its length is known."
    );

    private static readonly Counter<double> Cost = Signals.Meter.CreateCounter<double>(
        "serverless.job.cost",
        "{USD}",
        "Price of the machine time of claims that ended, where the machine's price is known."
    );

    private static readonly Counter<long> Evictions = Signals.Meter.CreateCounter<long>(
        "serverless.evictions",
        "{eviction}",
        "Spot machines that were taken from a claim or from one of its helpers, with or without notice."
    );

    /// <summary>A worker claimed a job.</summary>
    public static void Claimed(JobSpec job, JobResult claimed)
    {
        var use = claimed.Claims[^1];
        if (claimed.Fence == 1)
        {
            Wait.Record(Math.Max(0, (use.StartedAt - job.CreatedAt).TotalSeconds), Kind(job), Pool(job, use.Machine));
        }

        // The claim before said no last word: its Spot machine went without notice, or its process was killed.
        if (claimed.Claims.Count > 1 && claimed.Claims[^2] is { Ending: ClaimEnding.Vanished, Machine.Kind: MachineKind.Spot } before)
        {
            Evictions.Add(1, Pool(job, before.Machine));
            OfMembers(job, before);
            Charge(job, before);
        }
    }

    /// <summary>A claim said its last word.</summary>
    public static void Ended(JobSpec job, ClaimUse use)
    {
        var ending = KeyValuePair.Create<string, object?>("ending", use.Ending.ToString());
        Duration.Record(use.Duration.TotalSeconds, Kind(job), Pool(job, use.Machine), ending);
        Charge(job, use);
        OfMembers(job, use);
        if (use.Ending == ClaimEnding.Evicted)
        {
            Evictions.Add(1, Pool(job, use.Machine));
        }
    }

    public static void Progressed(JobSpec job, JobProgress progress)
    {
        if (Progress.Enabled && progress.Total > 0)
        {
            Progress.Record((double)progress.Done / progress.Total, Kind(job), new("phase", progress.Phase), new("pipeline", job.Pipeline));
        }
    }

    private static void OfMembers(JobSpec job, ClaimUse use)
    {
        foreach (var member in use.Members.Where(member => member is { Evicted: true, Machine.Kind: MachineKind.Spot }))
        {
            Evictions.Add(1, Pool(job, member.Machine));
        }
    }

    private static void Charge(JobSpec job, ClaimUse use)
    {
        Charge(job, use.Machine, use.Duration);
        foreach (var member in use.Members)
        {
            Charge(job, member.Machine, member.Duration);
        }
    }

    private static void Charge(JobSpec job, MachineInfo machine, TimeSpan time)
    {
        var hourly = machine.Kind == MachineKind.Spot ? machine.SpotPrice : machine.OnDemandPrice;
        if (machine.Kind != MachineKind.Local && hourly is { } price)
        {
            Cost.Add((double)price * time.TotalHours, Pool(job, machine), new("pipeline", job.Pipeline));
        }
    }

    private static KeyValuePair<string, object?> Kind(JobSpec job) => new("kind", job.Kind.ToString());

    private static KeyValuePair<string, object?> Pool(JobSpec job, MachineInfo machine)
    {
        var priced = machine.Kind switch
        {
            MachineKind.Spot => "spot",
            MachineKind.OnDemand => "demand",
            _ => "local",
        };
        return new("pool", $"{job.Queue.Replace("jobs-", "", StringComparison.Ordinal)}-{priced}");
    }
}
