using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Serverless.Pipeline.Serving;

/// <summary>Follows the aliases as long as the process lives; starts behind the first answer. A prediction that comes before reads them itself.</summary>
internal sealed class ServingWorker(
    ModelHost host,
    ServingOptions options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<ServingWorker> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await HostStart.PassAsync(lifetime, stoppingToken);
        using var timer = new PeriodicTimer(options.Poll, time);
        do
        {
            try
            {
                await host.RefreshAsync(stoppingToken);
            }
            catch (Exception failed) when (failed is not OperationCanceledException)
            {
                logger.LogDebug(failed, "The registry was not read; it is tried again in {Poll}", options.Poll);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
