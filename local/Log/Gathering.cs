using System.Diagnostics;

namespace Serverless.Local.Logs;

/// <summary>
/// How long the writer waits for a group to fill. Producers that wait for their records come back with the next ones a moment after a flush; a writer
/// that goes at the first of them leaves the others to the flush behind it, and every producer then waits for two. So as many
/// records as were just acknowledged are waited for, but only while they keep coming, and never longer than half of what a flush takes.
/// </summary>
internal struct Gathering
{
    /// <summary>Ticks of the clock without a new record after which no more are expected: a thread has woken long before.</summary>
    private static readonly long Patience = Stopwatch.Frequency / 20_000;

    private long began;
    private long limit;
    private int group;
    private int expected;

    /// <summary>A group of so many records goes to the disk.</summary>
    public void Begin(int records)
    {
        began = Stopwatch.GetTimestamp();
        group = records;
    }

    /// <summary>It is there; its producers are told next.</summary>
    public void End(ref int records)
    {
        limit = (Stopwatch.GetTimestamp() - began) / 2;
        expected = Volatile.Read(ref records) + group;
    }

    /// <summary>Called with the first record of a group, or none when something else woke the writer.</summary>
    public void Wait(ref int records)
    {
        if (Volatile.Read(ref records) == 0)
            return;
        var start = Stopwatch.GetTimestamp();
        for (var (seen, last) = (0, start); ; )
        {
            var now = Stopwatch.GetTimestamp();
            var there = Volatile.Read(ref records);
            if (there != seen)
                (seen, last) = (there, now);
            if (there >= expected || now - last > Patience || now - start > limit)
                break;
            // Not a sleep: the shortest one is longer than the flush.
            Thread.Yield();
        }
    }
}
