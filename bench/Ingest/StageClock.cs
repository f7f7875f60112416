using System.Diagnostics;
using Serverless.Pipeline.Jobs;

namespace Serverless.Bench.Ingest;

/// <summary>Wall-clock time of an ingestion's phases, by its reports of progress.</summary>
internal sealed class StageClock : IProgress<JobProgress>
{
    private readonly List<string> names = [];
    private readonly Dictionary<string, List<double>> measured = [];
    private string current = "";
    private long since;

    public void Start() => (current, since) = ("downloading", Stopwatch.GetTimestamp());

    public void Report(JobProgress value)
    {
        if (value.Phase != current)
        {
            Stop();
            (current, since) = (value.Phase, Stopwatch.GetTimestamp());
        }
    }

    public void Stop()
    {
        if (!measured.TryGetValue(current, out var milliseconds))
        {
            names.Add(current);
            measured[current] = milliseconds = [];
        }

        milliseconds.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
    }

    /// <summary>In order; the first round, which warms up, is left out.</summary>
    public IEnumerable<(string Name, double Milliseconds)> Medians() =>
        names.Select(name => (name, Ingest.Medians.Of(measured[name].Skip(1))));
}
