using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Serverless.Cli.Stack;

namespace Serverless.Testing;

/// <summary>What becomes of one request to storage.</summary>
public enum StorageFault
{
    None,

    /// <summary>Answered as it is, half a second late.</summary>
    Slow,

    /// <summary>500 InternalError; storage never sees the request.</summary>
    Error,

    /// <summary>503 ServerBusy; storage never sees the request.</summary>
    Busy,

    /// <summary>403 AuthorizationFailure, which is not tried again; storage never sees the request.</summary>
    Refused,

    /// <summary>The connection ends before storage sees the request.</summary>
    CutBefore,

    /// <summary>The connection ends when storage has done it: the caller does not learn that it was.</summary>
    CutAfter,
}

/// <summary>Stands between an app and its Azurite, and lets each request fail as the test wants it.</summary>
public sealed class FaultyStorage : IAsyncDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient forward = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
    private readonly List<WebApplication> proxies = [];
    private readonly int[] counts = new int[Enum.GetValues<StorageFault>().Length];
    private Func<HttpRequest, StorageFault> choose = _ => StorageFault.None;

    private FaultyStorage() { }

    /// <summary>Decides for each request; several ask at once.</summary>
    public Func<HttpRequest, StorageFault> Choose
    {
        get => Volatile.Read(ref choose);
        set => Volatile.Write(ref choose, value);
    }

    public string ConnectionString { get; private set; } = "";

    /// <summary>How often each fault came about, for a test's log.</summary>
    public string Summary => string.Join(", ", Enum.GetValues<StorageFault>().Select(fault => $"{fault} {counts[(int)fault]}"));

    public int Count(StorageFault fault) => Volatile.Read(ref counts[(int)fault]);

    /// <summary>Starts in front of an Azurite.</summary>
    public static async Task<FaultyStorage> StartAsync(AzuriteServer azurite, CancellationToken cancellationToken)
    {
        var storage = new FaultyStorage();
        var connection = azurite.ConnectionString;
        foreach (var port in (int[])[azurite.BlobPort, azurite.QueuePort, azurite.TablePort])
        {
            var own = await storage.ListenAsync(port, cancellationToken);
            connection = connection.Replace($":{port}/", $":{own}/", StringComparison.Ordinal);
        }

        storage.ConnectionString = connection;
        return storage;
    }

    /// <summary>Each request fails with this probability, in every way alike, by a seed.</summary>
    public void FailAtRandom(int seed, double probability)
    {
        var random = new Random(seed);
        // Only what passes: a refusal is final.
        var faults = Enum.GetValues<StorageFault>().Where(fault => fault != StorageFault.Refused).ToArray();
        Choose = _ =>
        {
            lock (random)
            {
                return random.NextDouble() < probability ? faults[1 + random.Next(faults.Length - 1)] : StorageFault.None;
            }
        };
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies)
        {
            await proxy.DisposeAsync();
        }

        forward.Dispose();
    }

    private async Task<int> ListenAsync(int target, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var proxy = builder.Build();
        proxy.Run(context => AnswerAsync(context, target));
        await proxy.StartAsync(cancellationToken);
        proxies.Add(proxy);
        return new Uri(proxy.Urls.First()).Port;
    }

    private async Task AnswerAsync(HttpContext context, int target)
    {
        var fault = Choose(context.Request);
        Interlocked.Increment(ref counts[(int)fault]);
        switch (fault)
        {
            case StorageFault.Error:
            case StorageFault.Busy:
                context.Response.StatusCode = fault == StorageFault.Error ? 500 : 503;
                context.Response.Headers["x-ms-error-code"] = fault == StorageFault.Error ? "InternalError" : "ServerBusy";
                return;
            case StorageFault.Refused:
                context.Response.StatusCode = 403;
                context.Response.Headers["x-ms-error-code"] = "AuthorizationFailure";
                return;
            case StorageFault.CutBefore:
                context.Abort();
                return;
            case StorageFault.Slow:
                await Task.Delay(Delay, context.RequestAborted);
                break;
        }

        try
        {
            using var answer = await ForwardAsync(context, target);
            if (fault == StorageFault.CutAfter)
            {
                context.Abort();
                return;
            }

            await CopyAsync(answer, context);
        }
        catch (Exception gone) when (gone is HttpRequestException or OperationCanceledException or IOException)
        {
            // Storage is away, or the caller: either way the connection is.
            context.Abort();
        }
    }

    private async Task<HttpResponseMessage> ForwardAsync(HttpContext context, int target)
    {
        // The path as it was sent: its escapes are part of what the caller signed.
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://127.0.0.1:{target}{raw}");
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            if (
                name is not ("Transfer-Encoding" or "Connection")
                && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values)
            )
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        return await forward.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
    }

    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext context)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection" or "Keep-Alive"))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        if (context.Request.Method != "HEAD" && context.Response.StatusCode is not (204 or 304))
        {
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
