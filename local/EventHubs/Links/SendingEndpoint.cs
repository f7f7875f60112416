using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>The broker's end of a link that sends, with the credit that the receiver really gave.</summary>
internal abstract class SendingEndpoint(ListenerLink link) : LinkEndpoint
{
    // Counts of deliveries since the attach. AMQPNetLite 2.5.5 zeroes its credit on a flow that adds none, but its arithmetic is modular:
    // the limit it works with follows from its credit, and the change it reports is against the limit it had before.
    private uint sent;
    private uint limit;
    private uint libraryLimit;
    private volatile bool stopped;

    /// <summary>Held while sending and while credit changes.</summary>
    protected Lock Sending { get; } = new();

    protected ListenerLink Link => link;

    /// <summary>Nothing is sent any more.</summary>
    protected bool IsStopped => stopped;

    /// <summary>Deliveries the receiver will take now; under <see cref="Sending"/>.</summary>
    protected int Available => stopped ? 0 : (int)(limit - sent);

    /// <summary>
    /// What is being sent is sent when this returns, and nothing behind it. Not for a caller that holds a lock of the library: sending
    /// takes them too.
    /// </summary>
    public void Stop()
    {
        stopped = true;
        lock (Sending) { }
    }

    /// <summary>Comes under a lock of the library.</summary>
    public override void OnLinkClosed(ListenerLink link, Error error) => stopped = true;

    public override void OnFlow(FlowContext flowContext)
    {
        lock (Sending)
        {
            var now = sent + LinkInternals.Credit(link);
            limit = flowContext.Messages > 0 ? now : libraryLimit + (uint)flowContext.Messages;
            libraryLimit = now;
        }
        OnCredit();
    }

    public override void OnDisposition(DispositionContext dispositionContext) { }

    protected abstract void OnCredit();

    /// <summary>Under <see cref="Sending"/>, with credit.</summary>
    protected void Send(Message message, ByteBuffer? encoded)
    {
        link.SendMessage(message, encoded);
        sent++;
    }

    /// <summary>Gives the rest of the credit back, as a receiver that drains asked for; under <see cref="Sending"/>.</summary>
    protected void CompleteDrain()
    {
        var rest = (int)LinkInternals.Credit(link);
        if (!link.IsDraining || rest < 0)
            return;
        link.CompleteDrain();
        sent += (uint)rest;
        limit = libraryLimit = sent;
    }

    protected void Close(Error error)
    {
        Stop();
        link.Close(TimeSpan.Zero, error);
    }
}
