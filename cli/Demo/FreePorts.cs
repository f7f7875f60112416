using System.Net;
using System.Net.Sockets;

namespace Serverless.Cli.Demo;

/// <summary>Whether the usual ports are free: a demo should not fail because another Azurite runs.</summary>
internal static class FreePorts
{
    /// <summary>The first port when all of them are free; else 0, which takes free ones.</summary>
    public static int FirstOrAny(int first, int count) => Enumerable.Range(first, count).All(IsFree) ? first : 0;

    private static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
