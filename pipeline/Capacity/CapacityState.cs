using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Capacity;

/// <summary><c>capacity/state.json</c>: what has to be remembered from one look to the next.</summary>
public sealed record CapacityState
{
    /// <summary>Counts the looks; a mark is named after its own.</summary>
    public long Look { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>By scale set.</summary>
    public IReadOnlyDictionary<string, OfferState> Offers { get; init; } = new Dictionary<string, OfferState>();

    /// <summary>For people, by queue and need (<see cref="NoteKey"/>): what is done about the jobs that wait.</summary>
    public IReadOnlyDictionary<string, string> Notes { get; init; } = new Dictionary<string, string>();

    /// <summary>Day (UTC) of <see cref="Dollars"/>.</summary>
    public DateOnly Day { get; init; }

    /// <summary>Spent on demand on that day.</summary>
    public double Dollars { get; init; }

    /// <summary>Nothing is there and nothing is under way.</summary>
    public bool IsAtRest => Offers.Values.All(offer => offer.Machines.Count == 0 && offer.Raise is null);

    public static string NoteKey(string queue, MachineNeed need)
    {
        ArgumentNullException.ThrowIfNull(need);
        return need == MachineNeed.Any ? queue : $"{queue}: {need.Text}";
    }

    public OfferState Of(Offer offer) => Offers.GetValueOrDefault(offer.ScaleSet) ?? new OfferState();

    public CapacityState With(Offer offer, OfferState state) =>
        this with
        {
            Offers = new Dictionary<string, OfferState>(Offers) { [offer.ScaleSet] = state },
        };
}

/// <summary>A machine of a scale set.</summary>
/// <param name="FirstSeen">When it was first in the list.</param>
/// <param name="DeletedAt">When its deletion was asked for; null while it was not.</param>
public sealed record MachineState(DateTimeOffset FirstSeen, DateTimeOffset? DeletedAt = null);

/// <param name="Capacity">How many machines were asked for.</param>
/// <param name="At">When.</param>
/// <param name="Operation">Where to ask how far it has come; null when Azure has nothing more to say.</param>
public sealed record RaiseState(int Capacity, DateTimeOffset At, Uri? Operation);

public sealed record OfferState
{
    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, MachineState> Machines { get; init; } = new Dictionary<string, MachineState>();

    /// <summary>A raise whose machines are not all there yet.</summary>
    public RaiseState? Raise { get; init; }

    /// <summary>Evictions of the last hour that were not answered by a rest.</summary>
    public IReadOnlyList<DateTimeOffset> Evictions { get; init; } = [];

    /// <summary>All evictions so far.</summary>
    public int EvictionsEver { get; init; }

    /// <summary>Until then the next in the list is asked.</summary>
    public DateTimeOffset? RestsUntil { get; init; }

    /// <summary>Why it rests, for people.</summary>
    public string? Why { get; init; }

    /// <summary>The last time that it gave less than it was asked for, or took it back, also when its rest is over; null when it never did.</summary>
    public OfferTrouble? Trouble { get; init; }

    public bool Rests(DateTimeOffset now) => RestsUntil > now;

    /// <summary>The next in the list is asked for a while.</summary>
    public OfferState Resting(string why, TimeSpan rest, DateTimeOffset now) =>
        this with
        {
            RestsUntil = now + rest,
            Why = why,
            Trouble = new OfferTrouble(why, now),
        };

    /// <summary>Azure refused: it rests for as long as that kind wants.</summary>
    public OfferState Refused(Refusal refusal, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        var resting = Resting(refusal.Text, refusal.Rest, now);
        // That another change came first says nothing of the machines.
        return refusal.Kind == RefusalKind.Conflict ? resting with { Trouble = Trouble } : resting;
    }
}

/// <param name="Why">For people.</param>
/// <param name="At">When.</param>
public sealed record OfferTrouble(string Why, DateTimeOffset At);
