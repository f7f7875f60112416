using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Pipeline.Monitoring;

namespace Serverless.Functions.Monitoring;

/// <summary>
/// Judges the windows that are over. Every quarter of an hour, a few minutes past it: the least window is as long, and by then all instances
/// have written what they counted.
/// </summary>
public sealed class JudgeDrift(DriftMonitor monitor, DriftAnswer answer)
{
    [Function(nameof(JudgeDrift))]
    public async Task RunAsync(
        [TimerTrigger("0 3,18,33,48 * * * *")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        await foreach (var judged in monitor.JudgeDueAsync(cancellationToken))
        {
            await answer.GiveAsync(client, judged, cancellationToken);
        }
    }
}
