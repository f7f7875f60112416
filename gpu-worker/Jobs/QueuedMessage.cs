using Azure;
using Azure.Storage.Queues;

namespace Serverless.GpuWorker.Jobs;

/// <summary>A message that was received and not yet deleted. Its receipt changes with every renewal.</summary>
internal sealed class QueuedMessage(QueueClient queue, string id, string receipt)
{
    private string receipt = receipt;

    /// <summary>Hides it for so long from now; zero shows it to other workers at once.</summary>
    public async Task HideAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            var updated = await queue.UpdateMessageAsync(id, receipt, visibilityTimeout: time, cancellationToken: cancellationToken);
            receipt = updated.Value.PopReceipt;
        }
        catch (RequestFailedException gone) when (gone.Status is 400 or 404)
        {
            // Another worker received it meanwhile (or deleted it). The lease decides who owns the job, not the message.
        }
    }

    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await queue.DeleteMessageAsync(id, receipt, cancellationToken);
        }
        catch (RequestFailedException gone) when (gone.Status is 400 or 404)
        {
            // The same: whoever has it finds a finished job.
        }
    }
}
