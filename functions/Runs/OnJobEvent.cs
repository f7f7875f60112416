using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs;

/// <summary>A worker says that a job ended: the run that waits for it is told.</summary>
public sealed class OnJobEvent(ILogger<OnJobEvent> log)
{
    [Function(nameof(OnJobEvent))]
    public Task RunAsync(
        [QueueTrigger(Queues.JobEvents, Connection = StorageClients.Setting)] string message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    ) => MessagingMetrics.ProcessAsync(Queues.JobEvents, () => HandleAsync(message, client, cancellationToken));

    private async Task HandleAsync(string message, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (Parse(message) is not { } jobEvent)
        {
            log.LogWarning("Dropped a message of queue {Queue} that is no job event: {Message}", Queues.JobEvents, message);
            return;
        }

        using var scope = log.About(jobEvent);
        var instance = await client.GetInstanceAsync(jobEvent.InstanceId, cancellationToken);
        if (instance is not { IsCompleted: false })
        {
            // Cancelled, purged, or of another life of this store. The result is in the job's own blob; nothing is lost.
            log.LogInformation("Nobody waits for job {JobId}: run {RunId} has ended or is unknown", jobEvent.JobId, jobEvent.InstanceId);
            return;
        }

        await client.RaiseEventAsync(jobEvent.InstanceId, JobEvent.Name(jobEvent.JobId), jobEvent, cancellationToken);
    }

    internal static JobEvent? Parse(string message)
    {
        try
        {
            var jobEvent = System.Text.Json.JsonSerializer.Deserialize<JobEvent>(message, PipelineJson.Compact);
            return jobEvent is { JobId.Length: > 0, InstanceId.Length: > 0 } ? jobEvent : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
