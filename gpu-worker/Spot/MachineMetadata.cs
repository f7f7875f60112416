using System.Net.Http.Json;
using System.Text.Json;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Spot;

/// <summary>Azure's instance metadata service, as much of it as a Spot worker needs.</summary>
internal sealed class MachineMetadata(Uri address) : IDisposable
{
    public const string Setting = "MACHINE_METADATA";

    /// <summary>The same on every machine in Azure, reachable from it alone.</summary>
    public const string Azure = "http://169.254.169.254";

    /// <summary>Off Azure nothing answers there, often without saying so.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Never through a proxy: it would answer for its own machine.
    private readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/metadata/"),
        DefaultRequestHeaders = { { "Metadata", "true" } },
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>This machine, or null when the service is not there: it is not in Azure.</summary>
    public async Task<MachineInfo?> MachineAsync(PriceTable prices, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var instance = await http.GetFromJsonAsync<Instance>(
                "instance?api-version=2021-02-01",
                JsonSerializerOptions.Web,
                patience.Token
            );
            if (instance?.Compute is not { Name.Length: > 0 } compute)
            {
                return null;
            }

            var kind =
                compute.VmSize is not { Length: > 0 } ? MachineKind.Local
                : string.Equals(compute.Priority, "Spot", StringComparison.OrdinalIgnoreCase) ? MachineKind.Spot
                : MachineKind.OnDemand;
            var price = kind == MachineKind.Local ? null : prices.Machine(compute.VmSize!, compute.Location ?? "");
            return new MachineInfo(compute.Name, kind, Text(compute.VmSize), Text(compute.Location), Text(compute.ResourceId))
            {
                SpotPrice = price?.Spot,
                OnDemandPrice = price?.OnDemand,
            };
        }
        catch (Exception absent) when (IsAbsent(absent, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>What is planned for this machine and those beside it. The first call of a machine's life can take two minutes.</summary>
    /// <exception cref="HttpRequestException">The service did not answer, or with an error: ask again.</exception>
    /// <exception cref="JsonException">The answer is no document of events.</exception>
    public async Task<ScheduledEvents> EventsAsync(CancellationToken cancellationToken) =>
        await http.GetFromJsonAsync<ScheduledEvents>("scheduledevents?api-version=2020-07-01", JsonSerializerOptions.Web, cancellationToken)
        ?? throw new JsonException("The document of scheduled events is null.");

    /// <summary>Says that this machine is ready for the event: it need not wait for its time.</summary>
    /// <exception cref="HttpRequestException">The service did not take it.</exception>
    public async Task AcknowledgeAsync(string eventId, CancellationToken cancellationToken)
    {
        // The service's own casing, which the web defaults would change.
        var body = new Dictionary<string, object>
        {
            ["StartRequests"] = new[] { new Dictionary<string, string> { ["EventId"] = eventId } },
        };
        using var answer = await http.PostAsJsonAsync(
            "scheduledevents?api-version=2020-07-01",
            body,
            JsonSerializerOptions.Default,
            cancellationToken
        );
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => http.Dispose();

    private static bool IsAbsent(Exception error, CancellationToken cancellationToken) =>
        error is HttpRequestException or JsonException or NotSupportedException
        || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string? Text(string? value) => value is { Length: > 0 } ? value : null;

    private sealed record Instance(Compute? Compute);

    private sealed record Compute(string? Name, string? VmSize, string? Location, string? Priority, string? ResourceId);
}
