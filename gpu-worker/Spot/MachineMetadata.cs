using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Spot;

/// <summary>Azure's instance metadata service, as much of it as a Spot worker needs.</summary>
internal sealed class MachineMetadata(Uri address) : IDisposable
{
    public const string Setting = "MACHINE_METADATA";

    /// <summary>The same on every machine in Azure, reachable from it alone.</summary>
    public const string Azure = "http://169.254.169.254";

    /// <summary>For the connection: off Azure nothing is there, often without saying so.</summary>
    private static readonly TimeSpan Reach = TimeSpan.FromSeconds(2);

    /// <summary>While it is renewed the service refuses for up to 70 s, by its documentation.</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(90);

    /// <summary>Of one that is connected.</summary>
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Never through a proxy: it would answer for its own machine.
    private readonly HttpClient http = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = Reach,
        }
    )
    {
        BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/metadata/"),
        DefaultRequestHeaders = { { "Metadata", "true" } },
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>
    /// This machine, or null when the service is not there: it is not in Azure. A service that is busy is asked again for a while, since a Spot
    /// machine that did not know itself would hear of no eviction.
    /// </summary>
    public async Task<MachineInfo?> MachineAsync(
        PriceTable prices,
        TimeProvider time,
        ILogger<MachineMetadata> log,
        CancellationToken cancellationToken
    )
    {
        var since = time.GetTimestamp();
        for (var told = false; ; told = true)
        {
            try
            {
                return Describe(await InstanceAsync(cancellationToken), prices);
            }
            catch (HttpRequestException busy) when (IsBusy(busy.StatusCode))
            {
                if (time.GetElapsedTime(since) >= Renewal)
                {
                    log.LogWarning(
                        "The metadata service of this machine still answers {Status}: the machine counts as none of Azure's, and an eviction would "
                            + "come without notice. Start the worker again when the service answers.",
                        (int)busy.StatusCode!
                    );
                    return null;
                }

                if (!told)
                {
                    log.LogInformation("The metadata service of this machine answers {Status}; it is asked again.", (int)busy.StatusCode!);
                }
            }
            catch (Exception absent) when (IsAbsent(absent, cancellationToken))
            {
                return null;
            }

            await Task.Delay(Pause, time, cancellationToken);
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

    private async Task<Instance?> InstanceAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Answer);
        return await http.GetFromJsonAsync<Instance>("instance?api-version=2021-02-01", JsonSerializerOptions.Web, patience.Token);
    }

    private static MachineInfo? Describe(Instance? instance, PriceTable prices)
    {
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

    private static bool IsBusy(HttpStatusCode? status) =>
        status is HttpStatusCode.Gone or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private static bool IsAbsent(Exception error, CancellationToken cancellationToken) =>
        error is HttpRequestException or JsonException or NotSupportedException
        || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string? Text(string? value) => value is { Length: > 0 } ? value : null;

    private sealed record Instance(Compute? Compute);

    private sealed record Compute(string? Name, string? VmSize, string? Location, string? Priority, string? ResourceId);
}
