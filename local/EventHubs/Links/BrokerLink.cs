using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>A link of a client that knows what serves it.</summary>
internal sealed class BrokerLink(ListenerSession session, Attach attach) : ListenerLink(session, attach)
{
    private SendingEndpoint? sender;

    public void Serve(LinkEndpoint endpoint, uint credit)
    {
        sender = endpoint as SendingEndpoint;
        LinkInternals.SetEndpoint(this, endpoint, credit);
    }

    /// <summary>
    /// Tells the sender before the library answers a detach. Its endpoint hears of it only afterwards, and a delivery behind the
    /// answer is for a link that the client does not know any more: some end the connection then.
    /// </summary>
    internal sealed class DetachWatch : IHandler
    {
        public bool CanHandle(EventId id) => id == EventId.LinkRemoteClose;

        public void Handle(Event protocolEvent) => ((BrokerLink)protocolEvent.Link).sender?.Stop();
    }
}
