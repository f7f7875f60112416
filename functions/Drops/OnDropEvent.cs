using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Batch;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Drops;

/// <summary>
/// A file was dropped: its run is started, or in container <c>batch</c> its batch job. A user's mistake never fails the message, which would only come again until it is poison; a
/// failure of storage does, and the message comes again.
/// </summary>
public sealed class OnDropEvent(RunStarter starter, BatchStarter batches, TimeProvider time, ILogger<OnDropEvent> log)
{
    [Function(nameof(OnDropEvent))]
    public Task RunAsync(
        [QueueTrigger(Queues.DropEvents, Connection = StorageClients.Setting)] string message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    ) => MessagingMetrics.ProcessAsync(Queues.DropEvents, () => HandleAsync(DropEvent.Parse(message), client, cancellationToken));

    private async Task HandleAsync(DropEvent dropped, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (dropped.Blob is not { } blob)
        {
            log.LogInformation("Ignored a message of queue {Queue}: {Reason}", Queues.DropEvents, dropped.Reason);
            return;
        }

        await (
            dropped.Kind == DropEventKind.Batch ? ScoreAsync(client, blob, cancellationToken) : StartAsync(client, blob, cancellationToken)
        );
        if (dropped.At is { } at)
        {
            DropMetrics.Handled(dropped.Kind == DropEventKind.Batch ? Containers.Batch : Containers.Drop, time.GetUtcNow() - at);
        }
    }

    private async Task ScoreAsync(DurableTaskClient client, string blob, CancellationToken cancellationToken)
    {
        var start = await batches.StartFileAsync(client, blob, content: null, cancellationToken);
        if (start.Receipt is { Started: false } known)
        {
            using var scope = log.About(known.JobId, version: known.Version);
            log.LogInformation("{Blob} has had its batch job {JobId} already", blob, known.JobId);
        }
    }

    private async Task StartAsync(DurableTaskClient client, string blob, CancellationToken cancellationToken)
    {
        var outcome = await starter.StartAsync(client, blob, content: null, cancellationToken);
        if (outcome.Problem is { } problem)
        {
            log.LogInformation("{Problem}", problem);
        }
        else if (!outcome.Started)
        {
            using var scope = log.About(outcome.RunId);
            log.LogInformation("{Blob} has had its run {RunId} already", blob, outcome.RunId);
        }
    }
}
