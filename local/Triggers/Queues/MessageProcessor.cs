using System.Buffers.Text;
using System.Text;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Queues;

/// <summary>
/// What happens to one message: it is kept hidden while the function runs, deleted when that went well, shown again when not,
/// and put into the poison queue after the last try, or at once when it is not base64.
/// </summary>
internal sealed partial class MessageProcessor(
    QueueClient queue,
    QueueClient poison,
    FunctionRunner runner,
    QueueSettings settings,
    TimeProvider time,
    ILogger logger
)
{
    public async Task ProcessAsync(QueueMessage message, CancellationToken abort)
    {
        try
        {
            if (Decode(message) is not { } body)
            {
                NotBase64(logger, message.MessageId, queue.Name, poison.Name);
                await PoisonAsync(message, message.PopReceipt, abort);
            }
            else if (message.DequeueCount > settings.MaxDequeueCount)
            {
                await PoisonAsync(message, message.PopReceipt, abort);
            }
            else
            {
                await RunAsync(message, Decoded(message, body), abort);
            }
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            // The message shows again when its time is over.
        }
        catch (Exception e) when (Outage.IsOne(e, abort))
        {
            NotSettled(logger, message.MessageId, queue.Name, e.Message.Split('\n')[0].Trim());
        }
    }

    private async Task RunAsync(QueueMessage message, QueueMessage decoded, CancellationToken abort)
    {
        using var hold = new MessageHold(queue, message, time, logger);
        bool done;
        try
        {
            done = await runner.RunAsync(decoded, QueueParameters.Facts(decoded), abort);
        }
        catch (OperationCanceledException)
        {
            var receipt = await hold.ReleaseAsync();
            await ShowAgainAsync(message, receipt, TimeSpan.Zero);
            throw;
        }
        var last = await hold.ReleaseAsync();
        if (done)
            await DeleteAsync(message, last);
        else if (message.DequeueCount >= settings.MaxDequeueCount)
            await PoisonAsync(message, last, CancellationToken.None);
        else
            await ShowAgainAsync(message, last, settings.VisibilityTimeout);
    }

    private async Task PoisonAsync(QueueMessage message, string receipt, CancellationToken cancellationToken)
    {
        Poisoned(logger, message.MessageId, runner.Name, message.DequeueCount, poison.Name);
        await poison.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await poison.SendMessageAsync(message.Body.ToString(), TimeSpan.Zero, TimeSpan.FromSeconds(-1), cancellationToken);
        await DeleteAsync(message, receipt);
    }

    private async Task DeleteAsync(QueueMessage message, string receipt)
    {
        try
        {
            await queue.DeleteMessageAsync(message.MessageId, receipt, CancellationToken.None);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 400)
        {
            // Shown to another taker meanwhile: that one settles it.
        }
    }

    private async Task ShowAgainAsync(QueueMessage message, string receipt, TimeSpan after)
    {
        try
        {
            await queue.UpdateMessageAsync(message.MessageId, receipt, message.Body, after, CancellationToken.None);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 400)
        {
            // As above.
        }
    }

    private static byte[]? Decode(QueueMessage message)
    {
        var text = Encoding.UTF8.GetBytes(message.Body.ToString());
        if (!Base64.IsValid(text, out var length))
            return null;
        var bytes = new byte[length];
        Base64.DecodeFromUtf8(text, bytes, out _, out _);
        return bytes;
    }

    private static QueueMessage Decoded(QueueMessage message, byte[] body) =>
        QueuesModelFactory.QueueMessage(
            message.MessageId,
            message.PopReceipt,
            BinaryData.FromBytes(body),
            message.DequeueCount,
            message.NextVisibleOn,
            message.InsertedOn,
            message.ExpiresOn
        );

    [LoggerMessage(
        30,
        LogLevel.Error,
        "Message has failed decoding: {Message} of queue '{Queue}' is not base64. It goes to '{Poison}'; send with QueueClientOptions.MessageEncoding = Base64"
    )]
    private static partial void NotBase64(ILogger logger, string message, string queue, string poison);

    [LoggerMessage(
        31,
        LogLevel.Warning,
        "Message {Message} has reached the last try of function '{Function}' ({Tries}); it is moved to queue '{Poison}'"
    )]
    private static partial void Poisoned(ILogger logger, string message, string function, long tries, string poison);

    [LoggerMessage(32, LogLevel.Warning, "Message {Message} of queue '{Queue}' could not be settled and will be shown again: {Error}")]
    private static partial void NotSettled(ILogger logger, string message, string queue, string error);
}
