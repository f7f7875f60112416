using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.EventHubs;

/// <summary>Listens on one port of both loopback addresses.</summary>
internal sealed class Acceptor : IDisposable
{
    private const int Backlog = 128;

    private readonly List<Socket> sockets = [];

    private Acceptor(int port) => Port = port;

    public int Port { get; private set; }

    /// <exception cref="SocketException">The port is taken.</exception>
    public static Acceptor Bind(int port)
    {
        var acceptor = new Acceptor(port);
        try
        {
            acceptor.Listen(IPAddress.Loopback);
            if (Socket.OSSupportsIPv6)
                acceptor.TryListenIPv6();
            return acceptor;
        }
        catch
        {
            acceptor.Dispose();
            throw;
        }
    }

    /// <summary>Calls <paramref name="accepted"/> for each client until the token is cancelled.</summary>
    public Task RunAsync(Func<Socket, Task> accepted, ILogger logger, CancellationToken cancellationToken) =>
        Task.WhenAll(sockets.Select(s => AcceptAsync(s, accepted, logger, cancellationToken)));

    public void Dispose()
    {
        foreach (var socket in sockets)
            socket.Dispose();
    }

    private static async Task AcceptAsync(Socket socket, Func<Socket, Task> accepted, ILogger logger, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var client = await socket.AcceptAsync(cancellationToken);
                client.NoDelay = true;
                _ = accepted(client);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                logger.LogWarning("The Event Hubs broker could not accept a connection: {Error}", e.Message);
            }
        }
    }

    private void Listen(IPAddress address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        sockets.Add(socket);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
            socket.DualMode = false;
        // A killed broker's port is taken up again at once; on Windows the option would let two listen.
        if (!OperatingSystem.IsWindows())
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(address, Port));
        socket.Listen(Backlog);
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private void TryListenIPv6()
    {
        try
        {
            Listen(IPAddress.IPv6Loopback);
        }
        catch (SocketException)
        {
            // No ::1 on this machine, or the free port is not free there: 127.0.0.1 does.
            sockets[^1].Dispose();
            sockets.RemoveAt(sockets.Count - 1);
        }
    }
}
