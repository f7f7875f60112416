using System.Diagnostics;

namespace Serverless.Bench.Frame;

/// <summary>Measures several ways of doing one thing in turns, so that the noise of a shared machine hits all of them alike.</summary>
internal static class Rounds
{
    /// <param name="rounds">Measured rounds; one more goes before, unmeasured.</param>
    /// <param name="repeats">Calls in a round.</param>
    /// <param name="ways">What is compared; each call is one unit of work.</param>
    /// <returns>For each way the median of its rounds, in seconds a call.</returns>
    public static Task<double[]> MedianSecondsAsync(int rounds, int repeats, params Func<Task>[] ways) =>
        MedianSecondsAsync(-1, rounds, repeats, ways);

    /// <summary>Without a round before: for work of many seconds, all of whose code the caller has run on less.</summary>
    public static Task<double[]> MedianSecondsOfWarmAsync(int rounds, params Func<Task>[] ways) => MedianSecondsAsync(0, rounds, 1, ways);

    private static async Task<double[]> MedianSecondsAsync(int first, int rounds, int repeats, Func<Task>[] ways)
    {
        var seconds = ways.Select(_ => new double[rounds]).ToArray();
        for (var round = first; round < rounds; round++)
        {
            for (var i = 0; i < ways.Length; i++)
            {
                // Another first one each round: what runs first after a change pays for the caches.
                var way = (i + round + ways.Length) % ways.Length;
                var started = Stopwatch.GetTimestamp();
                for (var call = 0; call < repeats; call++)
                {
                    await ways[way]();
                }

                if (round >= 0)
                {
                    seconds[way][round] = Stopwatch.GetElapsedTime(started).TotalSeconds / repeats;
                }
            }
        }

        return [.. seconds.Select(Median)];
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
