using System.Collections.Concurrent;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// Leases models for batches. What HTTP answers with 503, events wait for: a model that is loading, a registry that does not answer. But not
/// for ever: a model that was waited for in vain is not waited for again until it has loaded, so that it does not stop its partition.
/// </summary>
internal sealed class ModelWaiting(ModelHost host, StreamingOptions options, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> givenUp = new(StringComparer.Ordinal);

    /// <exception cref="BadEventException">There is no such model in production, or it did not load in time.</exception>
    public async ValueTask<ModelLease> LeaseAsync(string model, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                var lease = await host.LeaseAsync(model, version: null, cancellationToken);
                givenUp.TryRemove(model, out _);
                return lease;
            }
            catch (ServingException unknown) when (unknown.Status == 404)
            {
                throw new BadEventException(DeadLetterReason.UnknownModel, unknown.Message);
            }
            catch (ServingException away)
            {
                await WaitAsync(model, away.Message, started, cancellationToken);
            }
        }
    }

    private async Task WaitAsync(string model, string why, long started, CancellationToken cancellationToken)
    {
        if (givenUp.ContainsKey(model) || time.GetElapsedTime(started) >= options.ModelWait)
        {
            givenUp[model] = true;
            throw new BadEventException(DeadLetterReason.ModelUnavailable, why);
        }

        await Task.Delay(Pause, time, cancellationToken);
    }
}
