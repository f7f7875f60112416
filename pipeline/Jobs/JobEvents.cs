using System.Text.Json;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Jobs;

/// <summary>What whoever ends a job says to the orchestration that waits for it.</summary>
public static class JobEvents
{
    /// <summary>Tells the app that a job has ended.</summary>
    public static async Task SendAsync(StorageClients storage, JobSpec job, JobState state, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.Serialize(new JobEvent(job.JobId, job.NotifyInstance, state), PipelineJson.Compact);
        await storage.Queue(Queues.JobEvents).SendMessageAsync(message, cancellationToken);
    }
}
