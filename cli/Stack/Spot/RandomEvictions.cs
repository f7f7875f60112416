namespace Serverless.Cli.Stack.Spot;

/// <param name="Every">Mean time between two.</param>
/// <param name="Seed">Everything random comes from it.</param>
internal sealed record RandomEvictionOptions(TimeSpan Every, int Seed);

/// <summary>Takes workers at random moments, as Spot does: mostly with the least notice, at times with none.</summary>
internal sealed class RandomEvictions(RandomEvictionOptions options, WorkerPool workers, Action<string>? report, TimeProvider time)
{
    private const double WithoutNotice = 0.25;

    private readonly Random random = new(options.Seed);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        report?.Invoke($"Workers are evicted every {options.Every.TotalSeconds:0} s on average (seed {options.Seed}).");
        try
        {
            while (true)
            {
                // Evictions know nothing of each other.
                await Task.Delay(-Math.Log(1 - random.NextDouble()) * options.Every, time, cancellationToken);
                var notice = random.NextDouble() < WithoutNotice ? (TimeSpan?)null : WorkerPool.LeastNotice;
                if (await workers.EvictAsync(target: null, notice, cancellationToken) is { } eviction)
                {
                    report?.Invoke(
                        $"Evicted {eviction.Worker} {(notice is null ? "without notice" : $"at {notice.Value.TotalSeconds:0} s notice")}"
                            + $"{(eviction.Acknowledged ? $"; it was ready after {eviction.Seconds:0.0} s" : "")}."
                    );
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The stack is stopping.
        }
    }
}
