namespace Serverless.Local.Triggers;

/// <summary>A wait that ends early, without an exception, when the app stops.</summary>
internal static class Pause
{
    // Task.Delay takes no more than about 49 days; a schedule may ask for more.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static async Task For(TimeSpan span, TimeProvider time, CancellationToken stop)
    {
        while (span > TimeSpan.Zero && !stop.IsCancellationRequested)
        {
            var part = span < Longest ? span : Longest;
            await Task.Delay(part, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            span -= part;
        }
    }
}
