using System.Net.Sockets;
using Amqp;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>Connects without TLS by the broker's own transport: the library's asks the system twice for every frame, and an event is a frame.</summary>
internal sealed class PlainTransport : TransportProvider
{
    public PlainTransport() => AddressSchemes = ["amqp"];

    public override async Task<IAsyncTransport> CreateAsync(Address address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port);
            return new SocketTransport(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
