namespace Serverless.Local.Logs;

/// <summary>
/// How long the writer waits for a group to fill. Producers that wait for their records come back with the next ones a moment after a flush; a writer
/// that goes at the first of them leaves the others to the flush behind it, and every producer then waits for two. So as many
/// records as were just acknowledged are waited for, but only while they keep coming, and never longer than half of what a flush takes.
/// </summary>
internal sealed class Gathering(TimeProvider time)
{
    /// <summary>Without a new record for so long no more are expected: a thread that was told has woken long before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(50);

    private TimeSpan limit;
    private long began;
    private int group;
    private int expected;

    /// <summary>A group of so many records goes to the disk.</summary>
    public void Begin(int records)
    {
        began = time.GetTimestamp();
        group = records;
    }

    /// <summary>It is there, and its producers are told next.</summary>
    /// <param name="records">That came meanwhile.</param>
    public void End(int records)
    {
        limit = time.GetElapsedTime(began) / 2;
        expected = records + group;
    }

    /// <summary>Called when the first record of a group is there, or none and something else woke the writer.</summary>
    /// <param name="records">How many there are; grows meanwhile.</param>
    public void Wait(ref int records)
    {
        var start = time.GetTimestamp();
        var (seen, last) = (Volatile.Read(ref records), start);
        while (seen > 0 && seen < expected && time.GetElapsedTime(last) <= Patience && time.GetElapsedTime(start) <= limit)
        {
            // Not a sleep: the shortest one is longer than a flush.
            Thread.Yield();
            if (Volatile.Read(ref records) is var there && there != seen)
                (seen, last) = (there, time.GetTimestamp());
        }
    }
}
