using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

/// <summary>Rank 0 of one generation: opens the seats, waits until all are taken, trains, and ends or breaks the whole.</summary>
internal sealed class GangLeader(LeaderSetup setup, int generation, Checkpoint? from, MemberUses members)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(0.1);

    private readonly GangJob job = setup.Job;
    private readonly GangOptions options = setup.Job.Options;
    private readonly TimeProvider time = setup.Job.Time;
    private readonly GangBlobs blobs = new(setup.Job.Storage, setup.Job.Claim.Job.JobId, setup.Job.Claim.Fence, generation);
    private readonly GangSeats seats = new(setup.Job, generation, members);
    private readonly GangWait wait = new(setup.Job);
    private readonly LeaderStates states = new(setup);
    private GangPhase phase = GangPhase.Forming;
    private IReadOnlyList<string> machines = [];
    private long beat;

    /// <summary>Of rank 0's trees, by round.</summary>
    private readonly Dictionary<int, string> digests = [];

    /// <summary>When the generation is to break because one leaves, whether a state was saved or not; null while none does.</summary>
    private long? leavingSince;

    /// <summary>The newest state of this generation; null when it saved none.</summary>
    public Checkpoint? Saved => states.Saved;

    /// <returns>The ended state.</returns>
    /// <exception cref="GangBrokenException">A worker was lost.</exception>
    /// <exception cref="EvictedException">This machine goes; what is worth keeping is stored.</exception>
    /// <exception cref="JobPostponedException">An older job's workers come first.</exception>
    public async Task<Checkpoint> RunAsync(CancellationToken cancellationToken)
    {
        var address = $"{RankProcess.AddressToward(job.Storage.Blobs.Uri)}:{RankProcess.FreePort()}";
        var why = "the job was given back";
        RankProcess? rank = null;
        try
        {
            if (from is not null)
            {
                await blobs.UploadStateAsync(from.File, cancellationToken);
            }

            await WriteAsync(null, cancellationToken);
            rank = RankProcess.Start(setup.Spec(address, generation, from), time);
            await seats.OfferAsync(cancellationToken);
            job.Claim.Log.LogInformation("Generation {Generation}: {Seats} seats are offered.", generation, job.Ranks - 1);
            return await LeadAsync(rank, address, cancellationToken);
        }
        catch (Exception broken) when (broken is GangBrokenException or JobFailedException)
        {
            why = broken.Message;
            throw;
        }
        finally
        {
            rank?.Dispose();
            if (phase != GangPhase.Ended)
            {
                phase = GangPhase.Broken;
                await TryAsync(() => WriteAsync(why, CancellationToken.None));
            }
        }
    }

    private async Task<Checkpoint> LeadAsync(RankProcess rank, string address, CancellationToken cancellationToken)
    {
        var ready = false;
        var beatAt = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (rank.TryTake(out var what))
            {
                ready |= what.Kind == RankEventKind.Ready;
                if (Heed(rank, what) is { } ended)
                {
                    return await EndAsync(ended, cancellationToken);
                }
            }

            RequireAlive(rank);
            HeedDeparture(rank);
            if (time.GetElapsedTime(beatAt) >= options.Beat)
            {
                beatAt = time.GetTimestamp();
                await TryAsync(() => WriteAsync(null, cancellationToken));
                await TryAsync(() => seats.LookAsync(cancellationToken));
                await AdvanceAsync(rank, ready, address, cancellationToken);
            }

            await Task.Delay(Poll, time, cancellationToken);
        }
    }

    /// <returns>The event that ends training, or null.</returns>
    private RankEvent? Heed(RankProcess rank, RankEvent what)
    {
        switch (what.Kind)
        {
            case RankEventKind.Round:
                setup.Watch.Round(what.Round, what.Rounds, what.Values!);
                if (setup.Checkpoints.Due)
                {
                    states.Ask(rank);
                }

                break;
            case RankEventKind.Saved:
                states.Store(what);
                break;
            case RankEventKind.Checked:
                digests[what.Round] = what.Digest!;
                break;
            case RankEventKind.Ended:
                return what;
            case RankEventKind.Alone:
                throw new GangBrokenException($"A rank is gone ({what.Why})");
            case RankEventKind.Failed when what.UserError || phase == GangPhase.Forming:
                throw new JobFailedException(what.Why!, what.UserError);
            case RankEventKind.Failed:
                throw new GangBrokenException($"Rank 0 failed: {what.Why}");
            default:
                break;
        }

        return null;
    }

    private void RequireAlive(RankProcess rank)
    {
        if (!rank.IsOver && rank.Silence < options.Silence)
        {
            return;
        }

        var what = rank.IsOver ? "ended without a word" : $"gave no sign of life for {rank.Silence.TotalSeconds:0} s";
        var why = $"Rank 0's process {what}, as one does that is killed or short of memory. {rank.Tail}";
        throw new GangBrokenException(why.TrimEnd());
    }

    /// <summary>This machine's, which ends the claim, or another rank's, which ends the generation: a state is saved first.</summary>
    private void HeedDeparture(RankProcess rank)
    {
        if (job.Claim.Leaving.IsCancellationRequested)
        {
            if (phase == GangPhase.Forming || leavingSince is { } own && time.GetElapsedTime(own) > options.LastWord)
            {
                throw new EvictedException();
            }

            leavingSince ??= time.GetTimestamp();
            states.Ask(rank);
        }
        else if (seats.WhoLeaves is { } who)
        {
            if (phase == GangPhase.Forming)
            {
                throw new GangBrokenException($"{who} leaves.");
            }

            if (leavingSince is null)
            {
                leavingSince = time.GetTimestamp();
                states.Ask(rank);
            }
            else if (!states.IsAsked || time.GetElapsedTime(leavingSince.Value) > options.LastWord)
            {
                throw new GangBrokenException($"{who} leaves.");
            }
        }
    }

    private async Task AdvanceAsync(RankProcess rank, bool ready, string address, CancellationToken cancellationToken)
    {
        if (seats.WhyLost is { } why)
        {
            throw new GangBrokenException(why);
        }

        RequireSameTrees();
        if (phase == GangPhase.Forming && ready && seats.AllReady)
        {
            machines = [address, .. seats.Addresses];
            phase = GangPhase.Training;
            await WriteAsync(null, cancellationToken);
            rank.Go(machines);
            job.Claim.Log.LogInformation("All {Ranks} ranks are there: {Machines}.", job.Ranks, string.Join(", ", machines));
        }

        if (phase == GangPhase.Forming)
        {
            await wait.CheckAsync(seats, cancellationToken);
        }
    }

    /// <summary>Says that it is over.</summary>
    private async Task<Checkpoint> EndAsync(RankEvent ended, CancellationToken cancellationToken)
    {
        digests[ended.Round] = ended.Digest!;
        var since = time.GetTimestamp();
        do
        {
            // A short training may have ended before the others told of their trees.
            await TryAsync(() => seats.LookAsync(cancellationToken));
            RequireSameTrees();
            await Task.Delay(Poll, time, cancellationToken);
        } while (seats.RanksWith(digests) < job.Ranks - 1 && time.GetElapsedTime(since) < 3 * options.Beat);

        phase = GangPhase.Ended;
        await TryAsync(() => WriteAsync(null, cancellationToken));
        job.Claim.Log.LogInformation(
            "Training over {Ranks} ranks ended after round {Round}; {Same} of the {Others} others were last seen with rank 0's trees.",
            job.Ranks,
            ended.Round,
            seats.RanksWith(digests),
            job.Ranks - 1
        );
        return new Checkpoint(ended.Round, ended.File!);
    }

    private void RequireSameTrees()
    {
        if (seats.RankWithOther(digests) is { } other)
        {
            throw new JobFailedException(
                $"{other} holds other trees than rank 0 at the same round; expected the same on every rank. Start the run again, and report it "
                    + "with the log if it fails so again: machines of unlike kinds may be at fault.",
                userError: false
            );
        }
    }

    private Task WriteAsync(string? why, CancellationToken cancellationToken) =>
        blobs.WriteAsync(
            new GangState
            {
                Phase = phase,
                Beat = ++beat,
                Rows = setup.Rows,
                Threads = setup.Threads,
                Ranks = job.Ranks,
                StateRound = from?.Round ?? 0,
                Machines = machines,
                Why = why,
            },
            cancellationToken
        );

    /// <summary>A storage that is away for a moment breaks nothing: the others wait a while, and the lease ends what lasts longer.</summary>
    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException or IOException)
        {
            job.Claim.Log.LogWarning("The other workers could not be told or heard: {Why}", away.Message.FirstLine());
        }
    }
}
