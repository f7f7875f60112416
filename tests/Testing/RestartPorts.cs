using System.Net;
using System.Net.Sockets;
using Serverless.Cli.Stack;

namespace Serverless.Testing;

/// <summary>
/// Ports for what a test stops and starts again on the same ones. They lie below those that the system gives to whoever asks for any: such a port
/// may be another's while its owner is away.
/// </summary>
public static class RestartPorts
{
    private const int First = 20_000;
    private const int Beyond = 32_000;

    private static readonly Lock Gate = new();

    // Test programs run beside each other: each begins elsewhere.
    private static int next = First + Environment.ProcessId * 97 % (Beyond - First);

    /// <summary>The first of so many free ones in a row.</summary>
    /// <exception cref="InvalidOperationException">There are none.</exception>
    public static int Take(int count)
    {
        lock (Gate)
        {
            for (var tries = 0; tries < Beyond - First; tries++)
            {
                var first = next + count <= Beyond ? next : First;
                next = first + count;
                if (Enumerable.Range(first, count).All(IsFree))
                {
                    return first;
                }
            }
        }

        throw new InvalidOperationException($"No {count} ports in a row are free between {First} and {Beyond}.");
    }

    /// <summary>An Azurite on such ports.</summary>
    public static AzuriteOptions Azurite(string folder)
    {
        var first = Take(3);
        return new AzuriteOptions
        {
            Folder = folder,
            BlobPort = first,
            QueuePort = first + 1,
            TablePort = first + 2,
        };
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
