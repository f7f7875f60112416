using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Serverless.Cli.Stack.Spot;

/// <summary>What the stand-in says of a machine. Without a size it is one of our own, which costs nothing.</summary>
internal sealed record FakeMachine(string Name, string Size = "", string Region = "", string Priority = "");

/// <summary>
/// A stand-in for Azure's instance metadata service on loopback: each machine has a base address of its own, <c>{Url}/{machine}</c>, as each has
/// its own 169.254.169.254 in Azure; the document of scheduled events is one for all, as within a scale set.
/// </summary>
internal sealed class MetadataServer(TimeProvider time) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, FakeMachine> machines = [];
    private readonly List<Planned> events = [];
    private readonly HashSet<string> acknowledged = [];
    private WebApplication? app;
    private int incarnation = 1;
    private int numbers;

    public string Url { get; private set; } = "";

    /// <summary>How often the events were asked for.</summary>
    public int Asked { get; private set; }

    /// <summary>Answers what no machine asks for.</summary>
    public RequestDelegate? Otherwise { get; set; }

    /// <summary>Called before each answer with events; a test makes it late or refuse.</summary>
    public Func<HttpContext, Task>? BeforeEvents { get; set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync(cancellationToken);
        Url = app.Urls.First();
    }

    /// <summary>Base address for a worker on this machine: its setting <c>MACHINE_METADATA</c>.</summary>
    public string AddressOf(FakeMachine machine)
    {
        lock (gate)
        {
            machines[machine.Name] = machine;
        }

        return $"{Url}/{machine.Name}";
    }

    /// <summary>Plans an event; gives its id.</summary>
    /// <param name="machine">Whom it concerns.</param>
    /// <param name="type">Preempt, Terminate, Reboot, Redeploy or Freeze.</param>
    /// <param name="notice">Until it begins; null has begun, as when hardware fails.</param>
    public string Plan(string machine, string type, TimeSpan? notice)
    {
        lock (gate)
        {
            var id = $"event-{++numbers}";
            events.Add(new Planned(id, machine, type, notice is { } left ? time.GetUtcNow() + left : null));
            incarnation++;
            return id;
        }
    }

    /// <summary>The event is no more: cancelled, or over.</summary>
    public void Remove(string id)
    {
        lock (gate)
        {
            events.RemoveAll(each => each.Id == id);
            incarnation++;
        }
    }

    public bool IsAcknowledged(string id)
    {
        lock (gate)
        {
            return acknowledged.Contains(id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        FakeMachine? machine;
        lock (gate)
        {
            machine = path.Length == 3 && path[1] == "metadata" ? machines.GetValueOrDefault(path[0]) : null;
        }

        if (machine is null && Otherwise is { } otherwise)
        {
            await otherwise(context);
        }
        else if (context.Request.Headers["Metadata"] != "true" || context.Request.Query["api-version"].Count == 0)
        {
            context.Response.StatusCode = 400;
        }
        else if (machine is not null && path[2] == "instance")
        {
            await context.Response.WriteAsJsonAsync(
                new
                {
                    compute = new
                    {
                        name = machine.Name,
                        vmSize = machine.Size,
                        location = machine.Region,
                        priority = machine.Priority,
                        resourceId = machine.Size.Length > 0 ? $"/subscriptions/s/virtualMachines/{machine.Name}" : "",
                    },
                }
            );
        }
        else if (machine is not null && path[2] == "scheduledevents")
        {
            await EventsAsync(context);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }

    private async Task EventsAsync(HttpContext context)
    {
        if (context.Request.Method == "POST")
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            lock (gate)
            {
                foreach (var request in body.RootElement.GetProperty("StartRequests").EnumerateArray())
                {
                    acknowledged.Add(request.GetProperty("EventId").GetString()!);
                }
            }

            return;
        }

        if (BeforeEvents is { } before)
        {
            await before(context);
            if (context.Response.StatusCode != 200)
            {
                return;
            }
        }

        object document;
        lock (gate)
        {
            Asked++;
            document = new { DocumentIncarnation = incarnation, Events = events.Select(Written).ToArray() };
        }

        // The service's own casing.
        await context.Response.WriteAsJsonAsync(document, JsonSerializerOptions.Default, context.RequestAborted);
    }

    private static object Written(Planned planned) =>
        new
        {
            EventId = planned.Id,
            EventType = planned.Type,
            ResourceType = "VirtualMachine",
            Resources = new[] { planned.Machine },
            EventStatus = planned.Begins is null ? "Started" : "Scheduled",
            NotBefore = planned.Begins?.UtcDateTime.ToString("R", CultureInfo.InvariantCulture) ?? "",
            Description = "",
            EventSource = "Platform",
            DurationInSeconds = planned.Type == "Freeze" ? 9 : -1,
        };

    private sealed record Planned(string Id, string Machine, string Type, DateTimeOffset? Begins);
}
