using System.Text.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

/// <summary>The seats of a generation as rank 0 sees them.</summary>
internal sealed class GangSeats(GangJob job, int generation, MemberUses members)
{
    private const int PeekedMessages = 32;

    private readonly JobSpec spec = job.Claim.Job;
    private readonly GangBlobs blobs = new(job.Storage, job.Claim.Job.JobId, job.Claim.Fence, generation);
    private readonly Seat?[] seats = new Seat?[job.Ranks - 1];
    private readonly BeatWatch[] watches = [.. Enumerable.Range(1, job.Ranks - 1).Select(_ => new BeatWatch(job.Time))];
    private readonly long?[] aloneSince = new long?[job.Ranks - 1];

    /// <summary>How many have come.</summary>
    public int Taken => seats.Count(seat => seat is not null);

    public bool AllReady => seats.All(seat => seat is { Phase: SeatPhase.Ready });

    public IEnumerable<string> Addresses => seats.Select(seat => seat!.Address);

    /// <summary>One whose machine is to go; null when none is.</summary>
    public string? WhoLeaves => Find(seat => seat.Phase == SeatPhase.Leaving);

    /// <summary>What is amiss with one of them; null when all is well.</summary>
    public string? WhyLost
    {
        get
        {
            for (var index = 0; index < seats.Length; index++)
            {
                if (seats[index] is not { } seat)
                {
                    continue;
                }

                var name = Name(index, seat);
                if (seat.Phase == SeatPhase.Failed)
                {
                    return $"{name} failed: {seat.Why}";
                }

                if (IsSilent(index))
                {
                    return $"{name} gave no sign of life for {watches[index].Silence.TotalSeconds:0} s.";
                }

                // It may be alone because training has ended: rank 0 says so itself in a moment.
                if (aloneSince[index] is { } since && job.Time.GetElapsedTime(since) > job.Options.LastWord)
                {
                    return $"{name} lost the others: {seat.Why}";
                }
            }

            return null;
        }
    }

    /// <summary>Asks for a worker for each of them. The messages end by themselves when they can no longer be of use.</summary>
    public async Task OfferAsync(CancellationToken cancellationToken)
    {
        var queue = job.Storage.Queue(spec.Queue);
        for (var rank = 1; rank <= seats.Length; rank++)
        {
            var seat = new GangSeat(job.Claim.Fence, generation, rank, spec.CreatedAt, spec.Machine, job.Claim.Machine.Region);
            var message = JsonSerializer.Serialize(new JobMessage(spec.JobId, spec.Kind, seat), PipelineJson.Compact);
            await queue.SendMessageAsync(
                message,
                timeToLive: job.Options.Forming + job.Options.Silence,
                cancellationToken: cancellationToken
            );
        }
    }

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        for (var index = 0; index < seats.Length; index++)
        {
            if (await blobs.ReadSeatAsync(index + 1, cancellationToken) is { } seat)
            {
                watches[index].See(seat.Beat);
                seats[index] = seat;
                aloneSince[index] ??= seat.Phase == SeatPhase.Alone ? job.Time.GetTimestamp() : null;
                members.See(generation, index + 1, seat, IsSilent(index));
            }
        }
    }

    /// <summary>
    /// An older job that still offers seats, or null. Where two half-filled ones waited for each other's workers neither would ever begin: the
    /// younger makes way, so that the oldest is always filled first.
    /// </summary>
    public async Task<string?> OlderJobAsync(CancellationToken cancellationToken)
    {
        var messages = await job.Storage.Queue(spec.Queue).PeekMessagesAsync(PeekedMessages, cancellationToken);
        foreach (var message in messages.Value)
        {
            try
            {
                if (
                    message.Body.ToObjectFromJson<JobMessage>(PipelineJson.Compact) is { Seat: { } seat, JobId: { } other }
                    && IsOlder(seat.JobCreatedAt, other)
                    && MayBothUse(seat)
                )
                {
                    return other;
                }
            }
            catch (JsonException)
            {
                // Whoever receives it says what is wrong with it.
            }
        }

        return null;
    }

    /// <summary>Seats for which this job's machines would not do take none of them.</summary>
    private bool MayBothUse(GangSeat other) => seats.OfType<Seat>().Select(seat => seat.Machine).Append(job.Claim.Machine).Any(other.Fits);

    private bool IsOlder(DateTimeOffset createdAt, string jobId) =>
        createdAt < spec.CreatedAt || (createdAt == spec.CreatedAt && string.CompareOrdinal(jobId, spec.JobId) < 0);

    /// <summary>How many were last seen with the trees that rank 0 had at the same round.</summary>
    public int RanksWith(IReadOnlyDictionary<int, string> digests) =>
        seats.Count(seat => seat?.Digest is { } digest && digests.GetValueOrDefault(seat.Round) == digest);

    /// <summary>One with other trees than rank 0 had at the same round; null when none is known.</summary>
    public string? RankWithOther(IReadOnlyDictionary<int, string> digests) =>
        Find(seat => seat.Digest is { } digest && digests.TryGetValue(seat.Round, out var own) && own != digest);

    private string? Find(Predicate<Seat> what)
    {
        var index = Array.FindIndex(seats, seat => seat is not null && what(seat));
        return index < 0 ? null : Name(index, seats[index]!);
    }

    private bool IsSilent(int index) => watches[index].Silence > job.Options.Silence;

    private static string Name(int index, Seat seat) => $"Rank {index + 1} on {seat.Machine.Name}";
}
