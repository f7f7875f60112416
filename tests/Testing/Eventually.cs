using System.Diagnostics;

namespace Serverless.Testing;

/// <summary>Waits for conditions. Deadlines are generous: they bound a hang, they measure nothing.</summary>
public static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not within the deadline (60 s unless told); the message says what was waited for.</exception>
    public static Task HoldsAsync(
        Func<Task<bool>> condition,
        string what,
        CancellationToken cancellationToken,
        TimeSpan? deadline = null
    ) => GivesAsync(async () => await condition() ? "" : null, what, cancellationToken, deadline);

    /// <inheritdoc cref="HoldsAsync(Func{Task{bool}}, string, CancellationToken, TimeSpan?)" />
    public static Task HoldsAsync(Func<bool> condition, string what, CancellationToken cancellationToken, TimeSpan? deadline = null) =>
        HoldsAsync(() => Task.FromResult(condition()), what, cancellationToken, deadline);

    /// <summary>Waits until there is a value, and gives it.</summary>
    /// <exception cref="TimeoutException">There was none within the deadline.</exception>
    public static async Task<T> GivesAsync<T>(
        Func<Task<T?>> value,
        string what,
        CancellationToken cancellationToken,
        TimeSpan? deadline = null
    )
        where T : class
    {
        var clock = Stopwatch.StartNew();
        var end = deadline ?? Deadline;
        while (true)
        {
            if (await value() is { } found)
            {
                return found;
            }

            if (clock.Elapsed > end)
            {
                throw new TimeoutException($"Waited {end.TotalSeconds:0} s for: {what}.");
            }

            await Task.Delay(Interval, cancellationToken);
        }
    }
}
