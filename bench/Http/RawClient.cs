using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Serverless.Bench.Http;

/// <summary>One kept-alive connection that asks the same thing again and again, and allocates nothing while it does.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] request;
    private readonly byte[] answer = new byte[4096];
    private readonly int length;

    /// <param name="expected">The body that the first answer must have.</param>
    public RawClient(Uri address, string path, string expected)
    {
        request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n");
        socket.Connect(IPAddress.Loopback, address.Port);
        socket.Send(request);
        var text = "";
        while (!text.Contains(expected, StringComparison.Ordinal) || !IsWhole(text))
        {
            var read = socket.Receive(answer);
            text += Encoding.ASCII.GetString(answer, 0, read);
            if (read == 0 || !text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"GET {path} answered {text}; expected 200 and '{expected}'.");
            }
        }

        length = text.Length;
    }

    /// <summary>Asks <paramref name="ticks"/>.Length times; the stopwatch ticks of each. Every answer is as long as the first: only its date changes.</summary>
    public void Ask(Span<long> ticks)
    {
        foreach (ref var tick in ticks)
        {
            var began = Stopwatch.GetTimestamp();
            socket.Send(request);
            for (var read = 0; read < length; )
            {
                read += socket.Receive(answer) is > 0 and var more ? more : throw new IOException("The server closed the connection.");
            }

            tick = Stopwatch.GetTimestamp() - began;
        }
    }

    public void Dispose() => socket.Dispose();

    private static bool IsWhole(string text)
    {
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
        {
            return false;
        }

        if (text.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            return text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        }

        const string name = "Content-Length: ";
        var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase) + name.Length;
        var body = int.Parse(text.AsSpan(at, text.IndexOf('\r', at) - at), provider: CultureInfo.InvariantCulture);
        return text.Length == head + 4 + body;
    }
}
