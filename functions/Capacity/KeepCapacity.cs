using Azure;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Capacity;

namespace Serverless.Functions.Capacity;

/// <summary>
/// Looks every minute whether machines are to be asked for or given back. At rest a look is two reads of the storage, and nothing is asked of Azure.
/// </summary>
public sealed class KeepCapacity(CapacityKeeper capacity, ILogger<KeepCapacity> log)
{
    [Function(nameof(KeepCapacity))]
    public async Task RunAsync([TimerTrigger("0 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellationToken) =>
        await LookAsync(capacity, log, cancellationToken);

    /// <summary>Looks, and leaves it to the next look when that fails: no caller's own work depends on it.</summary>
    internal static async Task LookAsync(CapacityKeeper capacity, ILogger log, CancellationToken cancellationToken)
    {
        try
        {
            await capacity.LookAsync(cancellationToken);
        }
        catch (Exception failed)
            when (failed is RequestFailedException or AggregateException or InvalidDataException or System.Text.Json.JsonException)
        {
            log.LogWarning("The look at the machines failed, the next one is within a minute: {Why}", failed.Message);
        }
    }
}
