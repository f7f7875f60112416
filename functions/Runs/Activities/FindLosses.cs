using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

/// <summary>After a failure: says which of the run's own blobs are gone.</summary>
public sealed class FindLosses(RunInventory inventory, ILogger<FindLosses> log)
{
    [Function(nameof(FindLosses))]
    public async Task<RunLosses> RunAsync([ActivityTrigger] RunBelongings run, CancellationToken cancellationToken)
    {
        using var scope = log.About(run.RunId, run.Pipeline);
        var losses = await inventory.FindLossesAsync(run, cancellationToken);
        if (losses.Any)
        {
            log.LogWarning("Storage has lost {Blobs} of run {RunId}; the run makes it again", string.Join(", ", losses.Names), run.RunId);
        }

        return losses;
    }
}
