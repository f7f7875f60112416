using System.Diagnostics;

namespace Serverless.Cli.Stack.Spot;

/// <summary>A worker's process, which is to it what a machine is in Azure.</summary>
/// <param name="Name">Of the machine.</param>
/// <param name="Process">The worker.</param>
/// <param name="StartedAt">Timestamp.</param>
internal sealed record LocalWorker(string Name, ChildProcess Process, long StartedAt)
{
    /// <summary>Its end is no crash.</summary>
    public bool Evicted { get; set; }

    public bool Lives => !Process.Exited.IsCompleted;

    public TimeSpan Age => Stopwatch.GetElapsedTime(StartedAt);
}

/// <summary>What an eviction came to.</summary>
/// <param name="Worker">Whose machine was taken.</param>
/// <param name="Acknowledged">The worker was ready before its time was up.</param>
/// <param name="Seconds">From the notice to the end.</param>
internal sealed record Eviction(string Worker, bool Acknowledged, double Seconds);
