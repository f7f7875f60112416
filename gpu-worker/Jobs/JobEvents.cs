using System.Text.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Jobs;

internal static class JobEvents
{
    /// <summary>Tells the app that a job has ended.</summary>
    public static async Task SendAsync(StorageClients storage, JobSpec job, JobState state, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.Serialize(new JobEvent(job.JobId, job.NotifyInstance, state), PipelineJson.Compact);
        await storage.Queue(Queues.JobEvents).SendMessageAsync(message, cancellationToken);
    }
}
