using Microsoft.Extensions.Hosting;

namespace Serverless.Pipeline;

/// <summary>Lets what works in the background begin behind the first answer.</summary>
public static class HostStart
{
    /// <summary>A first answer takes a fifth of it once the server listens.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Completes a moment after the host has started, or when it stops. The start of a process is work for every core there is: what begins
    /// beside it takes its share of the first answer's.
    /// </summary>
    public static async Task PassAsync(IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lifetime);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Moment, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
