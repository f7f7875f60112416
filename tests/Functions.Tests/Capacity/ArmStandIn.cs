using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Azure.Core.Pipeline;
using Azure.ResourceManager;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Capacity;
using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>A request as it came in.</summary>
internal sealed record ArmRequest(string Method, string Path, string? ApiVersion, string? IfMatch, JsonNode? Body);

/// <summary>
/// A stand-in for Azure Resource Manager on loopback, as much of it as scale sets need, in the forms of the REST documents: conditional
/// PATCH, changes that go on behind <c>Azure-AsyncOperation</c>, deletion by name, the list of machines, and <c>simulateEviction</c> of a single machine.
/// </summary>
internal sealed class ArmStandIn : IAsyncDisposable
{
    public const string Group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-test";

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, Queue<ArmError>> refusals = new();
    private readonly Dictionary<string, FakeSet> sets = new(StringComparer.OrdinalIgnoreCase);
    private WebApplication? app;
    private int machineNumber;

    private ArmStandIn() => Operations = new FakeOperations(set => Refusal($"operation {set}"));

    public List<ArmRequest> Requests { get; } = [];

    /// <summary>What nobody may do: a number that was lowered, a change past the ETag, a body that ARM's schema does not have.</summary>
    public List<string> Violations { get; } = [];

    /// <summary>Called when a machine starts; its name.</summary>
    public Action<string>? Started { get; set; }

    /// <summary>Called when a machine is deleted or evicted; its name.</summary>
    public Action<string>? Gone { get; set; }

    public FakeOperations Operations { get; }

    private Uri Address => new(app!.Urls.First());

    public static async Task<ArmStandIn> StartAsync()
    {
        var arm = new ArmStandIn();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        arm.app = builder.Build();
        arm.app.Run(arm.AnswerAsync);
        await arm.app.StartAsync();
        return arm;
    }

    public Offer Add(string name, string queue = Queues.JobsCpu, string size = "Standard_D2as_v5", bool spot = true, int max = 3)
    {
        lock (gate)
        {
            sets[name] = new FakeSet(name, size);
        }

        return new Offer(queue, $"{Group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}", size, "eastus", spot, max);
    }

    public ArmClientOptions Options() =>
        new()
        {
            Environment = new ArmEnvironment(new Uri($"https://127.0.0.1:{Address.Port}"), "https://management.azure.com"),
            Transport = new HttpClientTransport(
                new HttpClient(new PlainHttp { InnerHandler = new SocketsHttpHandler { UseProxy = false } })
            ),
        };

    public ArmScaleSets Client() => new(new NoToken(), Options());

    /// <summary>The next such request is refused: <c>PATCH name</c>, <c>POST name</c>, <c>GET name</c>; or <c>operation name</c>, which fails later.</summary>
    public void Refuse(string what, ArmError error) => refusals.GetOrAdd(what, _ => new()).Enqueue(error);

    public (int Capacity, string[] Machines) Of(string name)
    {
        lock (gate)
        {
            return (sets[name].Capacity, [.. sets[name].Machines]);
        }
    }

    /// <summary>Azure takes a machine.</summary>
    public void Evict(string machine) => Remove([machine]);

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        var body = request.ContentLength > 0 ? await JsonNode.ParseAsync(request.Body) : null;
        string? version = request.Query["api-version"];
        lock (gate)
        {
            Requests.Add(new ArmRequest(request.Method, request.Path.Value!, version, request.Headers.IfMatch, body));
            if (ArmBodies.MistakeOf(Requests[^1]) is { } mistake)
            {
                Violations.Add($"{request.Method} {request.Path}: {mistake}");
            }
        }

        var parts = request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = Array.IndexOf(parts, "Microsoft.Compute");
        if (request.Headers.Authorization.ToString() != "Bearer stand-in" || version is null || at < 0)
        {
            await new ArmError(version is null ? 400 : 401, "InvalidRequest", "No token, no api-version or no provider.").WriteAsync(
                context
            );
            return;
        }

        var name = parts[at + 2];
        if (Refusal($"{request.Method} {name}") is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        await (
            (request.Method, parts[at + 1], parts.Length - at) switch
            {
                ("GET", "virtualMachineScaleSets", 3) => SetAsync(context, name),
                ("PATCH", "virtualMachineScaleSets", 3) => PatchAsync(context, name, body!),
                ("GET", "virtualMachineScaleSets", 4) when parts[^1] == "virtualMachines" => ListAsync(context, name),
                ("POST", "virtualMachineScaleSets", 4) when parts[^1] == "delete" => DeleteAsync(context, name, body!),
                ("POST", "virtualMachines", 4) when parts[^1] == "simulateEviction" => EvictAsync(context, name),
                ("GET", "locations", 5) => OperationAsync(context, parts[^1]),
                _ => new ArmError(404, "NotFound", request.Path.Value!).WriteAsync(context),
            }
        );
    }

    private ArmError? Refusal(string what) => refusals.TryGetValue(what, out var queue) && queue.TryDequeue(out var error) ? error : null;

    private Task SetAsync(HttpContext context, string name)
    {
        lock (gate)
        {
            return sets.TryGetValue(name, out var set)
                ? context.Response.WriteAsJsonAsync(set.Json())
                : new ArmError(404, "ResourceNotFound", $"The Resource '{name}' was not found.").WriteAsync(context);
        }
    }

    private async Task PatchAsync(HttpContext context, string name, JsonNode body)
    {
        FakeOperation? operation;
        JsonObject answer;
        lock (gate)
        {
            var set = sets[name];
            var capacity = body["sku"]!["capacity"]!.GetValue<int>();
            string? match = context.Request.Headers.IfMatch;
            operation = match is not null && match != set.ETag ? null : Operations.New(name, () => Fill(name));
            if (operation is not null)
            {
                if (capacity < set.Capacity)
                {
                    Violations.Add($"{name} was lowered from {set.Capacity} to {capacity}");
                }

                (set.Capacity, set.Changes) = (capacity, set.Changes + 1);
            }

            answer = set.Json();
        }

        if (operation is null)
        {
            await new ArmError(412, "PreconditionFailed", "The precondition given in the request headers was not met.").WriteAsync(context);
            return;
        }

        context.Response.Headers["Azure-AsyncOperation"] = AddressOf(operation);
        Operations.EndUnlessSlow(operation);
        await context.Response.WriteAsJsonAsync(answer);
    }

    private async Task ListAsync(HttpContext context, string name)
    {
        JsonArray list;
        lock (gate)
        {
            list = new JsonArray([.. sets[name].Machines.Select(machine => (JsonNode)sets[name].Json(machine))]);
        }

        await context.Response.WriteAsJsonAsync(new JsonObject { ["value"] = list });
    }

    private Task DeleteAsync(HttpContext context, string name, JsonNode body)
    {
        var machines = body["instanceIds"]!.AsArray().Select(machine => machine!.GetValue<string>()).ToList();
        var operation = Operations.New(name, () => Remove(machines));
        context.Response.StatusCode = 202;
        context.Response.Headers["Azure-AsyncOperation"] = AddressOf(operation);
        context.Response.Headers.Location = AddressOf(operation) + "&monitor=true";
        Operations.EndUnlessSlow(operation);
        return Task.CompletedTask;
    }

    // On the API of the single machine, as for Flexible scale sets; 204, and the machine goes.
    private Task EvictAsync(HttpContext context, string machine)
    {
        Remove([machine]);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private Task OperationAsync(HttpContext context, string id) => context.Response.WriteAsJsonAsync(Operations.Json(id));

    private void Fill(string name)
    {
        var fresh = new List<string>();
        lock (gate)
        {
            var set = sets[name];
            while (set.Machines.Count < set.Capacity)
            {
                set.Machines.Add($"{name}_{++machineNumber:x8}");
                fresh.Add(set.Machines[^1]);
            }
        }

        fresh.ForEach(machine => Started?.Invoke(machine));
    }

    private void Remove(List<string> machines)
    {
        lock (gate)
        {
            foreach (var set in sets.Values)
            {
                var gone = set.Machines.RemoveAll(machine => machines.Contains(machine));
                (set.Capacity, set.Changes) = (set.Capacity - gone, set.Changes + (gone > 0 ? 1 : 0));
            }
        }

        machines.ForEach(machine => Gone?.Invoke(machine));
    }

    private string AddressOf(FakeOperation operation) =>
        $"https://127.0.0.1:{Address.Port}/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Compute/locations/eastus/operations/{operation.Id}?api-version={ArmScaleSets.ApiVersion}";
}
