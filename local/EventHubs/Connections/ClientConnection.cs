using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>One connection of a client: its rights and its links.</summary>
internal sealed class ClientConnection : IContainer, IDisposable
{
    private const byte SaslProtocol = 3;
    private const int FrameBytes = 64 * 1024;

    /// <summary>A message may be so many times its limit and is still told so politely: its link stays open.</summary>
    private const int Patience = 4;

    private readonly EventHubsOptions options;
    private readonly LinkOpener opener;
    private readonly ConnectionRights rights;
    private readonly ResponseRoutes routes = new();
    private readonly SocketTransport transport;
    private readonly OneTransport provider;
    private readonly ConnectionListener listener;
    private bool admitted;

    public ClientConnection(Socket socket, EventHubsOptions options, LinkOpener opener, TimeProvider time)
    {
        (this.options, this.opener) = (options, opener);
        rights = new ConnectionRights(time);
        transport = new SocketTransport(socket) { Closed = () => Ended() };
        provider = new OneTransport(transport, CloseUnlessAdmitted);
        CustomTransports = new Dictionary<string, TransportProvider>(StringComparer.OrdinalIgnoreCase) { ["amqp"] = provider };
        listener = new ConnectionListener(new Address("amqp://localhost:" + EventHubsConnectionString.DefaultPort), this);
        listener.AMQP.ContainerId = "serverless-local";
        listener.AMQP.HostName = "localhost";
        listener.AMQP.MaxFrameSize = FrameBytes;
        listener.AMQP.MaxSessionsPerConnection = 5000;
        listener.AMQP.MaxLinksPerSession = 256;
        listener.AMQP.IdleTimeout = 240_000;
        listener.BufferManager = new BoundedBuffers(Patience * Math.Max(FrameBytes, options.MaxMessageBytes));
        listener.HandlerFactory = static _ => new BrokerLink.DetachWatch();
    }

    /// <summary>Called once the client is gone.</summary>
    public Action Ended { get; set; } = static () => { };

    public X509Certificate2? ServiceCertificate => null;

    public IDictionary<string, TransportProvider> CustomTransports { get; }

    /// <summary>Looks whether the client begins with SASL, then leaves the connection to the library.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var header = await transport.PeekAsync(8, cancellationToken);
        if (header.Length < 8)
        {
            transport.Dispose();
            return;
        }
        if (header.Span[4] == SaslProtocol)
        {
            foreach (var name in (string[])["MSSBCBS", "ANONYMOUS", "EXTERNAL"])
                listener.SASL.EnableMechanism(name, Admitting(SaslMechanism.Open(name)));
            listener.SASL.EnableMechanism("PLAIN", Admitting(SaslMechanism.Plain(options, rights)));
        }
        else
        {
            admitted = true;
        }
        listener.Open();
    }

    public Message CreateMessage(ByteBuffer buffer) => new RawMessage(buffer);

    public Link CreateLink(ListenerConnection connection, ListenerSession session, Attach attach) => new BrokerLink(session, attach);

    public bool AttachLink(ListenerConnection connection, ListenerSession session, Link link, Attach attach)
    {
        opener.Open((BrokerLink)link, attach, rights, routes);
        return true;
    }

    public void Dispose()
    {
        listener.Close();
        provider.Dispose();
        transport.Dispose();
    }

    private SaslMechanism Admitting(SaslMechanism mechanism)
    {
        mechanism.Upgraded = () => admitted = true;
        return mechanism;
    }

    private void CloseUnlessAdmitted()
    {
        if (!admitted)
            transport.Dispose();
    }
}
