using Azure;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// Writes what this process counted, every minute and when it stops. What storage refuses stays and is written with the next; a process
/// that is killed loses the counts of its last minute, which only makes the sample smaller.
/// </summary>
/// <param name="counts">What is counted.</param>
/// <param name="store">Where it goes.</param>
/// <param name="instance">Name that no other process has.</param>
/// <param name="time">Tells the slot.</param>
/// <param name="logger">Of refusals.</param>
public sealed partial class CountFlush(
    PredictionCounts counts,
    CountStore store,
    InstanceName instance,
    TimeProvider time,
    ILogger<CountFlush> logger
) : BackgroundService
{
    /// <summary>How long a count may stay in memory alone.</summary>
    internal static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim gate = new(1);
    private readonly Dictionary<(string Model, int Version, DateTimeOffset Slot), (CountedRows Rows, bool Written)> slots = [];

    /// <summary>Writes what is not written yet.</summary>
    /// <exception cref="RequestFailedException">Storage refused; nothing is lost.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Rows belong to the slot in which they are taken: up to a minute late, which a window of a quarter of an hour and more bears.
            var slot = CountSlots.Start(time.GetUtcNow());
            foreach (var (model, version, rows) in counts.TakeAll())
            {
                var key = (model, version, slot);
                slots[key] = (slots.TryGetValue(key, out var before) ? before.Rows.Plus(rows) : rows, Written: false);
            }

            foreach (var (key, (rows, written)) in slots.ToList())
            {
                if (!written)
                {
                    await store.WriteAsync(key, instance.Value, rows, cancellationToken);
                    slots[key] = (rows, Written: true);
                }

                if (key.Slot < slot)
                {
                    slots.Remove(key);
                }
            }
        }
        finally
        {
            gate.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryFlushAsync(cancellationToken);
    }

    public override void Dispose()
    {
        gate.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryFlushAsync(stoppingToken);
        }
    }

    private async Task TryFlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (Exception refused) when (refused is RequestFailedException or AggregateException)
        {
            NotWritten(logger, refused.Message);
        }
    }

    [LoggerMessage(81, LogLevel.Warning, "The counts for drift were not written and stay in memory: {Reason}")]
    private static partial void NotWritten(ILogger logger, string reason);
}

/// <summary>Name of this process among all that ever ran.</summary>
public sealed record InstanceName(string Value);
