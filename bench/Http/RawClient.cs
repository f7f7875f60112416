using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Serverless.Bench.Http;

/// <summary>A kept-alive connection that asks the same thing again and again: one write, and reads until the answer is whole.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] request;
    private readonly byte[] answer = new byte[4096];
    private readonly int length;
    private long began;

    /// <param name="address">The server.</param>
    /// <param name="path">With the query.</param>
    /// <param name="expected">What the first answer's body must hold.</param>
    /// <param name="body">JSON that is posted; null gets.</param>
    public RawClient(Uri address, string path, string expected, byte[]? body = null)
    {
        var head = body is null
            ? $"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\n\r\n"
            : $"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        request = [.. Encoding.ASCII.GetBytes(head), .. body ?? []];
        socket.Connect(IPAddress.Loopback, address.Port);
        socket.Send(request);
        var text = "";
        while (!text.Contains(expected, StringComparison.Ordinal) || !IsWhole(text))
        {
            var read = socket.Receive(answer);
            text += Encoding.ASCII.GetString(answer, 0, read);
            if (read == 0 || !text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"{path} answered {text}; expected 200 and '{expected}'.");
            }
        }

        length = text.Length;
    }

    /// <summary>Asks <paramref name="ticks"/>.Length times in all, over all connections at once; the stopwatch ticks of each answer.</summary>
    public static void Ask(ReadOnlySpan<RawClient> clients, Span<long> ticks)
    {
        var sent = 0;
        for (; sent < clients.Length && sent < ticks.Length; sent++)
        {
            clients[sent].Send();
        }

        for (var received = 0; received < ticks.Length; received++)
        {
            var client = clients[received % clients.Length];
            ticks[received] = client.Receive();
            if (sent++ < ticks.Length)
            {
                client.Send();
            }
        }
    }

    public void Dispose() => socket.Dispose();

    private void Send()
    {
        began = Stopwatch.GetTimestamp();
        socket.Send(request);
    }

    /// <summary>Every answer is as long as the first: only its date changes.</summary>
    private long Receive()
    {
        for (var read = 0; read < length; )
        {
            read += socket.Receive(answer) is > 0 and var more ? more : throw new IOException("The server closed the connection.");
        }

        return Stopwatch.GetTimestamp() - began;
    }

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
