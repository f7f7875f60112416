using Azure;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Capacity;

/// <summary>
/// The one place that changes the number of machines. A look reads what is there, plans, acts and remembers; any number of callers may ask for
/// one at once: one of them looks.
/// </summary>
public sealed class CapacityKeeper(
    StorageClients storage,
    IScaleSets scaleSets,
    CapacityOptions options,
    PriceTable prices,
    TimeProvider time,
    ILogger<CapacityKeeper> log
)
{
    /// <summary>Machines that somebody else started are noticed this often; else a look at rest asks Azure nothing.</summary>
    private static readonly TimeSpan FullLook = TimeSpan.FromHours(1);

    private readonly IReadOnlyList<Offer> offers = Offer.Parse(options.Offers);
    private readonly OpenJobs jobs = new(storage);
    private readonly JobEnd ends = new(storage, time, log);
    private readonly WorkerRegister register = new(storage);

    /// <summary>Whether there is any scale set to change.</summary>
    public bool IsOn => offers.Count > 0;

    /// <summary>Looks once.</summary>
    /// <returns>False when another look is under way, or there is nothing to look at.</returns>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        if (!IsOn || await IsAtRestAsync(cancellationToken))
        {
            return false;
        }

        await using var lease = await CapacityLease.TakeAsync(storage, time, cancellationToken);
        if (lease is null)
        {
            return false;
        }

        var before = await lease.ReadAsync(cancellationToken);
        var state = before with { Look = before.Look + 1 };
        var open = await jobs.ReadAsync(cancellationToken);
        var now = time.GetUtcNow();
        var workers = await register.ReadAsync(cancellationToken);
        var held = open.Select(job => (Machine: OpenDemand.HolderOf(job, now), job.Spec.JobId))
            .Where(each => each.Machine is not null)
            .DistinctBy(each => each.Machine, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(each => each.Machine!, each => each.JobId, StringComparer.OrdinalIgnoreCase);
        var pictures = new List<OfferPicture>();
        foreach (var offer in offers)
        {
            var picture = await ObserveAsync(offer, state.Of(offer), workers, held, now, cancellationToken);
            await ForgetAsync(state.Of(offer), picture, cancellationToken);
            pictures.Add(picture);
            state = state.With(offer, picture.State);
        }

        state = OnDemandBudget.Spend(state, pictures.Select(each => (each.Offer, each.Machines.Count)), prices, now);
        var budget = Budget(state).Beside(pictures);
        open = await ends.FailAsync(open, job => GangEnd.Why(job, pictures, budget, now), cancellationToken);
        var plan = CapacityPlanner.Plan(pictures, DemandOf(open, pictures, now), budget, options.Grace, now);
        foreach (var action in plan.Actions)
        {
            if (!lease.IsSure)
            {
                log.LogWarning("The look at the scale sets took too long; the next one goes on.");
                break;
            }

            state = await ActAsync(action, state, pictures, cancellationToken);
        }

        foreach (var (which, note) in plan.Notes.Where(note => before.Notes.GetValueOrDefault(note.Key) != note.Value))
        {
            log.LogInformation("Machines for {Which}: {Note}", which, note);
        }

        await lease.WriteAsync(state with { Notes = plan.Notes }, cancellationToken);
        return true;
    }

    /// <summary>For people: what is done about jobs that wait for a machine; null when there is nothing to say.</summary>
    /// <param name="queue">Whose.</param>
    /// <param name="need">Of the jobs.</param>
    /// <param name="cancellationToken">Stop.</param>
    public async Task<string?> NoteAsync(string queue, MachineNeed need, CancellationToken cancellationToken) =>
        IsOn && await StateAsync(cancellationToken) is { } state ? state.Notes.GetValueOrDefault(CapacityState.NoteKey(queue, need)) : null;

    /// <summary>Where machines for the job can be asked for, the preferred first; empty where machines are one's own.</summary>
    public IReadOnlyList<string> RegionsFor(JobSpec job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return [.. Fitting(job).Select(offer => offer.Region).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Why no machine will ever come for a job that wants a certain one; null where one can, or machines are one's own.</summary>
    public string? WhyNever(JobSpec job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!IsOn || job.Machine == MachineNeed.Any)
        {
            return null;
        }

        var fitting = Fitting(job).ToList();
        if (fitting.Count == 0)
        {
            var why = Offer.WhyNone(job.Queue, job.Machine, offers);
            return $"By training.compute {why}. Change sku or spot there, or add such a pool to the deployment (parameter 'pools').";
        }

        var day = new OnDemandBudget(options.OnDemandDollarsPerDay, prices);
        return fitting.Exists(offer => offer.Spot || day.Machines(offer) > 0)
            ? null
            : $"By training.compute machines of {job.Queue} must be {job.Machine.Text}, and the budget of a whole day buys none: "
                + $"{string.Join("; ", fitting.Select(offer => $"{offer.Text}: {day.Why(offer)}"))}. "
                + "Change sku or spot there, or raise the budget (parameter 'onDemandDollarsPerDay').";
    }

    private IEnumerable<Offer> Fitting(JobSpec job) =>
        offers.Where(offer => offer.Queue == job.Queue && job.Machine.Fits(offer.Size, offer.Spot));

    private async Task<bool> IsAtRestAsync(CancellationToken cancellationToken) =>
        await StateAsync(cancellationToken) is { IsAtRest: true } state
        && time.GetUtcNow() - state.At < FullLook
        && !await jobs.AnyAsync(cancellationToken);

    private Task<CapacityState?> StateAsync(CancellationToken cancellationToken) =>
        storage.Container(Containers.Capacity).ReadJsonAsync<CapacityState>(CapacityLease.Blob, cancellationToken);

    private OnDemandBudget Budget(CapacityState state) => new(options.OnDemandDollarsPerDay - state.Dollars, prices);

    private static IReadOnlyList<Demand> DemandOf(IReadOnlyList<OpenJob> open, List<OfferPicture> pictures, DateTimeOffset now)
    {
        var ours = pictures
            .SelectMany(picture => picture.Machines)
            .Select(machine => machine.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return OpenDemand.Of(open, ours.Contains, now);
    }

    private async Task<OfferPicture> ObserveAsync(
        Offer offer,
        OfferState before,
        IReadOnlyDictionary<string, KnownWorker> workers,
        Dictionary<string, string> held,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        ScaleSetView? seen = null;
        var state = before;
        try
        {
            seen = await scaleSets.ReadAsync(offer, cancellationToken);
            var operation = before.Raise?.Operation is { } address ? await scaleSets.LookAsync(address, cancellationToken) : null;
            state = OfferHistory.Observe(before, offer, seen, operation, options.Evictions, now);
        }
        catch (CapacityRefusedException refused)
        {
            state = before.Refused(refused.Refusal, now);
            seen = null;
        }

        if (state.Why is { } why && why != before.Why)
        {
            log.LogWarning("{Offer} rests until {Until:HH:mm:ss}: {Why}", offer.Text, state.RestsUntil, why);
        }

        var machines = state.Machines.Select(machine =>
            Machine.Of(machine.Key, offer, machine.Value, workers.GetValueOrDefault(machine.Key), held.GetValueOrDefault(machine.Key), now)
        );
        return new OfferPicture(offer, state, seen, [.. machines]);
    }

    private async Task ForgetAsync(OfferState before, OfferPicture after, CancellationToken cancellationToken)
    {
        foreach (var (name, machine) in before.Machines.Where(machine => !after.State.Machines.ContainsKey(machine.Key)))
        {
            log.LogInformation("Machine {Machine} is gone{How}.", name, machine.DeletedAt is null ? ": Azure took it" : "");
            await register.ForgetAsync(name, cancellationToken);
        }
    }

    private async Task<CapacityState> ActAsync(
        CapacityAction action,
        CapacityState state,
        List<OfferPicture> pictures,
        CancellationToken cancellationToken
    )
    {
        switch (action)
        {
            case CapacityAction.Keep keep:
                await register.UnmarkAsync(keep.Machine, cancellationToken);
                return state;
            case CapacityAction.Drain drain:
                var mark = new DrainMark(FormattableString.Invariant($"{state.Look}"), time.GetUtcNow());
                await register.MarkAsync(drain.Machine, mark, cancellationToken);
                log.LogInformation("Machine {Machine} is idle and not needed: its worker is asked to take no more jobs.", drain.Machine);
                return state;
            case CapacityAction.Raise raise:
                return state.With(raise.Offer, await RaiseAsync(raise, state.Of(raise.Offer), cancellationToken));
            case CapacityAction.Delete delete:
                var machines = pictures.Single(picture => picture.Offer == delete.Offer).Machines;
                return state.With(delete.Offer, await DeleteAsync(delete, machines, state.Of(delete.Offer), cancellationToken));
            default:
                throw new ArgumentException($"Found action {action.GetType().Name}; expected one that is known here.", nameof(action));
        }
    }

    private async Task<OfferState> RaiseAsync(CapacityAction.Raise raise, OfferState state, CancellationToken cancellationToken)
    {
        try
        {
            var operation = await scaleSets.RaiseAsync(raise.Offer, raise.Capacity, raise.ETag, cancellationToken);
            log.LogInformation("{Offer}: {Capacity} machines asked for.", raise.Offer.Text, raise.Capacity);
            return state with { Raise = new RaiseState(raise.Capacity, time.GetUtcNow(), operation) };
        }
        catch (CapacityRefusedException refused)
        {
            log.LogWarning("{Offer}: {Capacity} machines refused: {Why}", raise.Offer.Text, raise.Capacity, refused.Message);
            return state.Refused(refused.Refusal, time.GetUtcNow());
        }
    }

    private async Task<OfferState> DeleteAsync(
        CapacityAction.Delete delete,
        IReadOnlyList<Machine> machines,
        OfferState state,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        try
        {
            await scaleSets.DeleteAsync(delete.Offer, delete.Machines, cancellationToken);
            log.LogInformation("{Offer}: deleting {Machines}.", delete.Offer.Text, string.Join(", ", delete.Machines));
        }
        catch (CapacityRefusedException refused)
        {
            log.LogWarning(
                "{Offer}: deleting {Machines} was refused: {Why}",
                delete.Offer.Text,
                string.Join(", ", delete.Machines),
                refused.Message
            );
            return refused.Refusal.Kind == RefusalKind.Conflict ? state : state.Refused(refused.Refusal, now);
        }

        var after = state.Machines.ToDictionary(
            machine => machine.Key,
            machine => delete.Machines.Contains(machine.Key) ? machine.Value with { DeletedAt = now } : machine.Value,
            StringComparer.OrdinalIgnoreCase
        );
        // Machines that start and never work would be bought for ever: the next offer is asked, and somebody reads why.
        var silent = machines.Where(machine => machine.Use == MachineUse.Silent && delete.Machines.Contains(machine.Name)).ToList();
        return silent.Count == 0
            ? state with
            {
                Machines = after,
            }
            : (state with { Machines = after }).Refused(
                new Refusal(RefusalKind.Failed, "SilentMachine", $"{silent[0].Name} ran and its worker was not heard of"),
                now
            );
    }
}
