using Azure;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Hosting;

/// <summary>
/// Creates the containers, queues and tables that are missing, behind the app's start: the first answer does not wait for it. Storage that
/// is not there yet is tried again until it is.
/// </summary>
internal sealed class StorageAtStart(
    StorageClients storage,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<StorageAtStart> log
) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await HostStart.PassAsync(lifetime, stoppingToken);
        for (var attempt = 1; !stoppingToken.IsCancellationRequested; attempt++)
        {
            try
            {
                await storage.CreateMissingAsync(stoppingToken);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception unreachable) when (unreachable is RequestFailedException or AggregateException)
            {
                if (attempt is 1 or 10 || attempt % 100 == 0)
                {
                    log.LogWarning(
                        "Storage cannot be prepared yet (attempt {Attempt}): {Reason}. Is it running, and is setting {Setting} right? Trying again.",
                        attempt,
                        unreachable.Message,
                        StorageClients.Setting
                    );
                }
            }

            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
