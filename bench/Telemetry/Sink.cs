using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.Bench.Telemetry;

/// <summary>
/// Takes what is sent to it and throws it away, so that the receiver's work does not count as the sender's; of OTLP it counts the spans, which
/// shows whether any was left out.
/// </summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly WebApplication app;
    private long spans;

    private Sink()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/v1/{**signal}", ReadAsync);
    }

    public string Address => app.Urls.First();

    public long Spans => Interlocked.Read(ref spans);

    public static async Task<Sink> StartAsync(CancellationToken cancellationToken)
    {
        var sink = new Sink();
        await sink.app.StartAsync(cancellationToken);
        return sink;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream((int)(http.Request.ContentLength ?? 0));
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        if (http.Request.Path == "/v1/traces")
        {
            Interlocked.Add(ref spans, Count(body.GetBuffer().AsSpan(0, (int)body.Length), [1, 2, 2]));
        }

        http.Response.ContentType = "application/x-protobuf";
    }

    /// <summary>Messages at the end of a path of fields: resources, their scopes, their spans.</summary>
    private static int Count(ReadOnlySpan<byte> message, ReadOnlySpan<int> path)
    {
        if (path.IsEmpty)
        {
            return 1;
        }

        var count = 0;
        while (!message.IsEmpty)
        {
            var tag = Number(ref message);
            var length = (tag & 7) switch
            {
                0 => Skip(ref message),
                1 => sizeof(ulong),
                2 => (int)Number(ref message),
                5 => sizeof(uint),
                _ => throw new InvalidDataException($"A field has wire type {tag & 7}; expected OTLP in protobuf."),
            };
            if (tag == (((ulong)path[0] << 3) | 2))
            {
                count += Count(message[..length], path[1..]);
            }

            message = message[length..];
        }

        return count;
    }

    private static int Skip(ref ReadOnlySpan<byte> message)
    {
        Number(ref message);
        return 0;
    }

    private static ulong Number(ref ReadOnlySpan<byte> message)
    {
        ulong number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[0];
            message = message[1..];
            number |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return number;
            }
        }
    }
}
