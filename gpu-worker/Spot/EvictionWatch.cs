using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Serverless.GpuWorker.Spot;

/// <summary>
/// Asks Scheduled Events once a second. At an event that takes this machine it announces the departure, waits until the job is handed back, and
/// acknowledges, so that the event need not wait for its time. An event that is no more, with the machine still here, was cancelled.
/// </summary>
internal sealed class EvictionWatch(
    MachineMetadata metadata,
    string machine,
    Departure departure,
    TimeProvider time,
    ILogger<EvictionWatch> log
)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>The first call switches the service on for this machine and can take two minutes.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(10);

    /// <summary>What is assumed when an event does not say when it begins: the least notice of Spot, or nothing when it has begun.</summary>
    private static readonly TimeSpan LeastNotice = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Begun = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Task> heeded = [];
    private bool answered;
    private bool unreachable;

    /// <summary>Until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await LookAsync(stopping);
                await Task.Delay(Every, time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The worker ends.
        }

        await Task.WhenAll(heeded.Values);
    }

    /// <summary>Asks once and heeds what it is told.</summary>
    public async Task LookAsync(CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(answered ? Answer : FirstAnswer);
        try
        {
            var document = await metadata.EventsAsync(patience.Token);
            (answered, unreachable) = (true, false);
            Heed([.. (document.Events ?? []).Where(each => each.Concerns(machine))], stopping);
        }
        catch (Exception away)
            when (away is HttpRequestException or JsonException || (away is OperationCanceledException && !stopping.IsCancellationRequested)
            )
        {
            if (!unreachable)
            {
                log.LogWarning(
                    "Scheduled Events did not answer ({Why}): an eviction would come without notice until it does.",
                    away.Message
                );
                unreachable = true;
            }
        }
    }

    private void Heed(List<ScheduledEvent> events, CancellationToken stopping)
    {
        foreach (var each in events.Where(each => !heeded.ContainsKey(each.EventId)))
        {
            heeded[each.EventId] = Task.CompletedTask;
            if (each.TakesTheMachine)
            {
                heeded[each.EventId] = LeaveAsync(each, stopping);
            }
            else if (each.IsFreeze)
            {
                log.LogInformation("This machine will pause ({Description}): the job at work saves and goes on.", each.Description);
                departure.AnnounceFreeze();
            }
        }

        if (departure.IsAnnounced && !events.Exists(each => each.TakesTheMachine))
        {
            log.LogInformation("The departure is cancelled: this machine stays and takes jobs again.");
            departure.Withdraw();
        }
    }

    private async Task LeaveAsync(ScheduledEvent each, CancellationToken stopping)
    {
        var until = each.Begins ?? time.GetUtcNow() + (each.IsStarted ? Begun : LeastNotice);
        log.LogWarning(
            "{Type} of this machine ({Description}), not before {Until:HH:mm:ss}: jobs are handed back.",
            each.EventType,
            each.Description is { Length: > 0 } why ? why : "no reason given",
            until
        );
        departure.Announce($"{each.EventType} of the machine {machine}", until);
        try
        {
            await departure.Idle.WaitAsync(stopping);
            if (!each.IsStarted)
            {
                await metadata.AcknowledgeAsync(each.EventId, stopping);
                log.LogInformation("All is handed back; event {EventId} need not wait.", each.EventId);
            }
        }
        catch (HttpRequestException refused)
        {
            log.LogWarning(
                "Event {EventId} could not be acknowledged ({Why}): the machine goes at its time.",
                each.EventId,
                refused.Message
            );
        }
        catch (OperationCanceledException)
        {
            // The worker ends.
        }
    }
}
