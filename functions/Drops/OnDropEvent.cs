using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Batch;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Drops;

/// <summary>
/// A file was dropped: its run is started, or in container <c>batch</c> its batch job. A user's mistake never fails the message, which would only come again until it is poison; a
/// failure of storage does, and the message comes again.
/// </summary>
public sealed class OnDropEvent(RunStarter starter, BatchStarter batches, ILogger<OnDropEvent> log)
{
    [Function(nameof(OnDropEvent))]
    public async Task RunAsync(
        [QueueTrigger(Queues.DropEvents, Connection = StorageClients.Setting)] string message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var dropped = DropEvent.Parse(message);
        if (dropped.Blob is not { } blob)
        {
            log.LogInformation("Ignored a message of queue {Queue}: {Reason}", Queues.DropEvents, dropped.Reason);
            return;
        }

        if (dropped.Kind == DropEventKind.Batch)
        {
            var start = await batches.StartFileAsync(client, blob, content: null, cancellationToken);
            if (start.Receipt is { Started: false } known)
            {
                log.LogInformation("{Blob} has had its batch job {JobId} already", blob, known.JobId);
            }

            return;
        }

        var outcome = await starter.StartAsync(client, blob, content: null, cancellationToken);
        if (outcome.Problem is { } problem)
        {
            log.LogInformation("{Problem}", problem);
        }
        else if (!outcome.Started)
        {
            log.LogInformation("{Blob} has had its run {RunId} already", blob, outcome.RunId);
        }
    }
}
