using Microsoft.DurableTask.Client;

namespace Serverless.Functions.Api;

/// <summary>The end of an orchestration by a caller's wish.</summary>
internal static class Termination
{
    /// <summary>How long it waits for the end; longer, and the caller goes by what the instance said before.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Terminates and waits for the end: until then the orchestration goes on, and may offer a job or mark a candidate that nobody has heard
    /// of yet.
    /// </summary>
    /// <returns>The ended instance with its inputs and outputs; null where it has not ended in time.</returns>
    public static async Task<OrchestrationMetadata?> CancelAsync(
        this DurableTaskClient client,
        string instance,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        await client.TerminateInstanceAsync(instance, "cancelled", cancellationToken);
        using var wait = new CancellationTokenSource(Wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, wait.Token);
        try
        {
            return await client.WaitForInstanceCompletionAsync(instance, getInputsAndOutputs: true, either.Token);
        }
        catch (Exception) when (wait.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
