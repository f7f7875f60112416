using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.Testing.Telemetry;

/// <summary>An item as Application Insights would keep it.</summary>
/// <param name="Type">Such as RequestData, RemoteDependencyData, MessageData, ExceptionData, MetricData.</param>
/// <param name="Role">Which service sent it.</param>
/// <param name="Operation">Trace id; empty where there is none.</param>
/// <param name="Name">Of a request, dependency or metric; the text of a message.</param>
/// <param name="Properties">Its custom dimensions.</param>
/// <param name="Data">The rest: <c>baseData</c>.</param>
public sealed record SeenItem(
    string Type,
    string Role,
    string Operation,
    string Name,
    IReadOnlyDictionary<string, string> Properties,
    JsonNode Data
);

/// <summary>
/// The ingestion endpoint of Application Insights: takes <c>POST /v2.1/track</c> as it does (lines of JSON, packed or not), refuses what it refuses
/// (<see cref="TrackRules"/>), and answers with its codes: 200, 206 with the errors of single items, 400, and what a test wants (429, 439, 500 ...).
/// </summary>
public sealed class Ingestion : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<SeenItem> items = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly Guid key;
    private int refused;

    private Ingestion(Guid key)
    {
        this.key = key;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        app = builder.Build();
        app.MapPost("/v2.1/track", TrackAsync);
        // The live view asks whether anybody watches: nobody does.
        app.MapPost(
            "/QuickPulseService.svc/{**what}",
            http =>
            {
                http.Response.Headers["x-ms-qps-subscribed"] = "false";
                return Task.CompletedTask;
            }
        );
    }

    /// <summary>What was accepted.</summary>
    public IReadOnlyCollection<SeenItem> Items => items;

    /// <summary>Why items were refused that should have been right.</summary>
    public IReadOnlyCollection<string> Errors => errors;

    /// <summary>Requests that were refused because of <see cref="Refuse"/>.</summary>
    public int Refused => Volatile.Read(ref refused);

    /// <summary>Every request is answered with this status, and nothing of it is kept; null takes them again.</summary>
    public int? Refuse { get; set; }

    /// <summary>Items that are refused with the status that this gives, while the others of their request are kept; null or 0 is none.</summary>
    public Func<SeenItem, int>? RefuseItem { get; set; }

    public string ConnectionString =>
        $"InstrumentationKey={key};IngestionEndpoint={app.Urls.First()}/;LiveEndpoint={app.Urls.First()}/;ApplicationId={key}";

    /// <param name="key">The instrumentation key that it takes, and no other.</param>
    public static async Task<Ingestion> StartAsync(Guid key)
    {
        var ingestion = new Ingestion(key);
        await ingestion.app.StartAsync();
        return ingestion;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task TrackAsync(HttpContext http)
    {
        var lines = await ReadAsync(http);
        if (Refuse is { } status)
        {
            Interlocked.Increment(ref refused);
            http.Response.Headers.RetryAfter = "1";
            await AnswerAsync(http, status, lines.Count, []);
            return;
        }

        var wrong = new List<(int Index, int Status, string Message)>();
        for (var i = 0; i < lines.Count; i++)
        {
            var (item, error) = TrackRules.Read(lines[i], key);
            if (item is null)
            {
                errors.Enqueue($"{error}: {lines[i]}");
                wrong.Add((i, StatusCodes.Status400BadRequest, error!));
            }
            else if (RefuseItem?.Invoke(item) is > 0 and var refusal)
            {
                wrong.Add((i, refusal, "Refused by the test"));
            }
            else
            {
                items.Enqueue(item);
            }
        }

        var answer =
            wrong.Count == 0 ? StatusCodes.Status200OK
            : wrong.Count < lines.Count ? StatusCodes.Status206PartialContent
            : wrong[0].Status;
        await AnswerAsync(http, answer, lines.Count, wrong);
    }

    private static async Task<List<string>> ReadAsync(HttpContext http)
    {
        var packed = http.Request.Headers.ContentEncoding == "gzip";
        await using var body = packed ? new GZipStream(http.Request.Body, CompressionMode.Decompress) : http.Request.Body;
        using var reader = new StreamReader(body);
        var lines = new List<string>();
        while (await reader.ReadLineAsync(http.RequestAborted) is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(line);
            }
        }

        return lines;
    }

    private static Task AnswerAsync(
        HttpContext http,
        int status,
        int received,
        IReadOnlyList<(int Index, int Status, string Message)> wrong
    )
    {
        http.Response.StatusCode = status;
        var accepted = status is StatusCodes.Status200OK or StatusCodes.Status206PartialContent ? received - wrong.Count : 0;
        return http.Response.WriteAsJsonAsync(
            new
            {
                itemsReceived = received,
                itemsAccepted = accepted,
                errors = wrong.Select(one => new
                {
                    index = one.Index,
                    statusCode = one.Status,
                    message = one.Message,
                }),
            },
            http.RequestAborted
        );
    }
}
