using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>Stores what one producer sends; without a partition of its own, each message goes where its key or its turn sends it.</summary>
internal sealed class PublisherLink(Hub hub, Partition? partition, int maxMessageBytes) : LinkEndpoint
{
    /// <summary>Messages a producer may have under way.</summary>
    public const int Credit = 1000;

    [ThreadStatic]
    private static RecordBuilder? threadRecord;

    public override void OnMessage(MessageContext messageContext)
    {
        var message = (RawMessage)messageContext.Message;
        if (message.Bytes.Length > maxMessageBytes)
        {
            messageContext.Complete(
                BrokerErrors.Of(
                    ErrorCode.MessageSizeExceeded,
                    $"The received message (delivery-id:{BitConverter.ToString(message.DeliveryTag ?? [])}, size:{message.Bytes.Length} bytes) exceeds the limit ({maxMessageBytes} bytes) currently allowed on the link."
                )
            );
            return;
        }
        var record = threadRecord ??= new RecordBuilder();
        try
        {
            var key = Envelope.Open(message.Bytes, message.Format, record);
            (partition ?? hub.Choose(key)).Publish(record, new Acknowledgement(Answer, messageContext));
        }
        catch (AmqpException e)
        {
            messageContext.Complete(e.Error);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            messageContext.Complete(BrokerErrors.Of(ErrorCode.DecodeError, e.Message));
        }
        catch (IOException e)
        {
            messageContext.Complete(BrokerErrors.Of(BrokerErrors.ServerBusy, e.Message));
        }
    }

    public override void OnFlow(FlowContext flowContext) { }

    public override void OnDisposition(DispositionContext dispositionContext) { }

    private static void Answer(object? state, Exception? failure)
    {
        var context = (MessageContext)state!;
        try
        {
            if (failure is null)
                context.Complete();
            else
                context.Complete(BrokerErrors.Of(ErrorCode.InternalError, $"The events could not be stored. {failure.Message}"));
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            // The producer has gone; the events stay.
        }
    }
}
