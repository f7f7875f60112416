using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Queues;

/// <summary>Keeps a message hidden from others while its function runs.</summary>
internal sealed partial class MessageHold : IDisposable
{
    private static readonly TimeSpan Renewal = QueueSettings.Lease / 3;
    private readonly QueueClient _queue;
    private readonly QueueMessage _message;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _renewing;
    private string _receipt;

    public MessageHold(QueueClient queue, QueueMessage message, TimeProvider time, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _logger = logger;
        _receipt = message.PopReceipt;
        _renewing = RenewAsync(time);
    }

    /// <summary>Ends the renewal.</summary>
    /// <returns>The receipt that settles the message.</returns>
    public async Task<string> ReleaseAsync()
    {
        await _end.CancelAsync();
        await _renewing;
        return _receipt;
    }

    public void Dispose() => _end.Dispose();

    private async Task RenewAsync(TimeProvider time)
    {
        while (true)
        {
            await Pause.For(Renewal, time, _end.Token);
            if (_end.IsCancellationRequested)
                return;
            try
            {
                // Not cancelled: an update that arrived without our reading its receipt would lose the message.
                var update = await _queue.UpdateMessageAsync(
                    _message.MessageId,
                    _receipt,
                    _message.Body,
                    QueueSettings.Lease,
                    CancellationToken.None
                );
                _receipt = update.Value.PopReceipt;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 400)
            {
                Lost(_logger, _message.MessageId, _queue.Name);
                return;
            }
            catch (Exception e) when (Outage.IsOne(e, CancellationToken.None))
            {
                // Tried again at the next turn, while the message is still hidden.
            }
        }
    }

    [LoggerMessage(33, LogLevel.Warning, "Message {Message} of queue '{Queue}' was shown to others while its function still runs")]
    private static partial void Lost(ILogger logger, string message, string queue);
}
