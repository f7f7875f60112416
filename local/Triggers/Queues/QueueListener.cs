using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Queues;

/// <summary>
/// Takes messages from one queue for one function: a batch at a time, more when the batch is half done, with a growing pause when
/// there is nothing. A storage outage is logged once and waited for.
/// </summary>
internal sealed class QueueListener(
    QueueClient queue,
    MessageProcessor processor,
    QueueSettings settings,
    TimeProvider time,
    ILogger logger
) : IListener
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private bool _created;

    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var running = new List<Task>();
        var outage = new Outage(logger, $"queue '{queue.Name}'");
        var pause = FirstPause;
        while (!stop.IsCancellationRequested)
        {
            var messages = await ReceiveAsync(outage, stop);
            running.AddRange(messages.Select(m => Task.Run(() => processor.ProcessAsync(m, abort), CancellationToken.None)));
            running.RemoveAll(t => t.IsCompleted);
            while (running.Count > settings.NewBatchThreshold && !stop.IsCancellationRequested)
            {
                await Task.WhenAny(running);
                running.RemoveAll(t => t.IsCompleted);
            }
            if (messages.Length > 0)
            {
                pause = FirstPause;
                continue;
            }
            await Pause.For(outage.IsOn ? outage.NextPause() : pause, time, stop);
            pause = pause * 1.5 < settings.MaxPollingInterval ? pause * 1.5 : settings.MaxPollingInterval;
        }
        await Task.WhenAll(running);
    }

    private async Task<QueueMessage[]> ReceiveAsync(Outage outage, CancellationToken stop)
    {
        try
        {
            if (!_created)
            {
                await queue.CreateIfNotExistsAsync(cancellationToken: stop);
                _created = true;
            }
            var messages = await queue.ReceiveMessagesAsync(settings.BatchSize, QueueSettings.Lease, stop);
            outage.End();
            return messages.Value;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Somebody deleted the queue, or the emulator lost it.
            _created = false;
            return [];
        }
        catch (Exception e) when (Outage.IsOne(e, stop))
        {
            outage.Begin(e);
            return [];
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return [];
        }
    }
}
