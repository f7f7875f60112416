using Azure;
using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Spot;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.GpuWorker.Gangs;

internal sealed record MemberSetup(
    StorageClients Storage,
    JobSpec Job,
    GangSeat Seat,
    MachineInfo Machine,
    Departure Departure,
    GangOptions Options,
    TimeProvider Time,
    ILogger Log
);

/// <summary>One seat from its taking to its end.</summary>
internal sealed class MemberRun
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(0.25);

    private readonly MemberSetup setup;
    private readonly GangBlobs blobs;
    private readonly TimeProvider time;
    private readonly BeatWatch leader;
    private readonly int port = RankProcess.FreePort();
    private Seat seat;
    private Seat? written;
    private long writtenAt;
    private bool gone;

    public MemberRun(MemberSetup setup, GangBlobs blobs)
    {
        (this.setup, this.blobs, time, leader) = (setup, blobs, setup.Time, new BeatWatch(setup.Time));
        seat = new Seat
        {
            Phase = SeatPhase.Loading,
            Address = $"{RankProcess.AddressToward(setup.Storage.Blobs.Uri)}:{port}",
            Machine = setup.Machine,
            StartedAt = time.GetUtcNow(),
            SeenAt = time.GetUtcNow(),
        };
    }

    /// <returns>False when another worker has the seat.</returns>
    public Task<bool> TakeAsync(CancellationToken cancellationToken) => blobs.TakeSeatAsync(setup.Seat.Rank, seat, cancellationToken);

    /// <summary>Helps until it is over.</summary>
    public async Task RunAsync(GangState gang, string folder, CancellationToken stopping)
    {
        using var end = new CancellationTokenSource();
        // Beside the signs of life: the rows may take long.
        var starting = new MemberInputs(setup.Storage, setup.Job).StartAsync(blobs, setup.Seat, gang, port, folder, time, end.Token);
        try
        {
            await HelpAsync(starting, stopping);
        }
        finally
        {
            await end.CancelAsync();
            await EndAsync(starting);
        }
    }

    private async Task HelpAsync(Task<RankProcess> starting, CancellationToken stopping)
    {
        long? leavingSince = null;
        long? endedSince = null;
        while (true)
        {
            var gang = await TryReadAsync();
            if (starting.IsCompletedSuccessfully)
            {
                Heed(await starting, gang);
            }
            else if (starting.IsFaulted)
            {
                Fail(starting.Exception!.InnerExceptions[0].Message);
            }

            var leaving = stopping.IsCancellationRequested || setup.Departure.IsAnnounced;
            if (leaving && leavingSince is null)
            {
                leavingSince = time.GetTimestamp();
                seat = seat with
                {
                    Phase = SeatPhase.Leaving,
                    Evicted = setup.Departure.IsAnnounced,
                    Why = setup.Departure.Why ?? "the worker is told to stop",
                };
            }

            await TryWriteAsync();
            endedSince ??= gang?.Phase == GangPhase.Ended ? time.GetTimestamp() : null;
            var why =
                gang?.Phase == GangPhase.Broken ? gang.Why
                : endedSince is { } ended
                && (seat.Phase is SeatPhase.Alone or SeatPhase.Failed || time.GetElapsedTime(ended) > setup.Options.LastWord)
                    ? "training has ended"
                : leader.Silence > setup.Options.Silence ? $"rank 0 gave no sign of life for {leader.Silence.TotalSeconds:0} s"
                : leavingSince is { } since && time.GetElapsedTime(since) > setup.Options.LastWord ? "the machine goes"
                : null;
            if (why is not null)
            {
                setup.Log.LogInformation("Rank {Rank} of job {JobId} ends: {Why}.", setup.Seat.Rank, setup.Job.JobId, why.TrimEnd('.'));
                return;
            }

            await Task.Delay(Poll, time, CancellationToken.None);
        }
    }

    private void Heed(RankProcess rank, GangState? gang)
    {
        while (rank.TryTake(out var what))
        {
            switch (what.Kind)
            {
                case RankEventKind.Ready when seat.Phase == SeatPhase.Loading:
                    seat = seat with { Phase = SeatPhase.Ready };
                    break;
                case RankEventKind.Alone or RankEventKind.Ended:
                    seat = seat with
                    {
                        Phase = SeatPhase.Alone,
                        Round = what.Digest is null ? seat.Round : what.Round,
                        Digest = what.Digest ?? seat.Digest,
                        Why = what.Why,
                    };
                    break;
                case RankEventKind.Checked:
                    seat = seat with { Round = what.Round, Digest = what.Digest };
                    break;
                case RankEventKind.Failed:
                    Fail(what.Why!);
                    break;
                default:
                    break;
            }
        }

        if (gang is { Phase: GangPhase.Training } && !gone)
        {
            gone = true;
            rank.Go(gang.Machines);
        }

        if (seat.Phase is not (SeatPhase.Alone or SeatPhase.Failed) && (rank.IsOver || rank.Silence > setup.Options.Silence))
        {
            Fail(
                rank.IsOver
                    ? $"its process ended without a word {rank.Tail}"
                    : $"its process gave no sign of life for {rank.Silence.TotalSeconds:0} s"
            );
        }
    }

    private void Fail(string why)
    {
        if (seat.Phase != SeatPhase.Failed)
        {
            setup.Log.LogError("Rank {Rank} of job {JobId} failed: {Why}", setup.Seat.Rank, setup.Job.JobId, why);
            seat = seat with { Phase = SeatPhase.Failed, Why = why };
        }
    }

    private async Task<GangState?> TryReadAsync()
    {
        try
        {
            var gang = await blobs.ReadAsync(CancellationToken.None);
            if (gang is not null)
            {
                leader.See(gang.Beat);
            }

            return gang;
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException or IOException)
        {
            // If it lasts, rank 0 is silent from here as well.
            return null;
        }
    }

    private async Task TryWriteAsync()
    {
        if (seat == written && time.GetElapsedTime(writtenAt) < setup.Options.Beat)
        {
            return;
        }

        var next = seat with { SeenAt = time.GetUtcNow(), Beat = seat.Beat + 1 };
        try
        {
            await blobs.WriteSeatAsync(setup.Seat.Rank, next, CancellationToken.None);
            seat = written = next;
            writtenAt = time.GetTimestamp();
        }
        catch (Exception away) when (away is RequestFailedException or AggregateException or IOException)
        {
            setup.Log.LogWarning("Rank 0 of job {JobId} could not be told: {Why}", setup.Job.JobId, away.Message.FirstLine());
        }
    }

    private static async Task EndAsync(Task<RankProcess> starting)
    {
        try
        {
            (await starting).Dispose();
        }
        catch (Exception never) when (never is not OutOfMemoryException)
        {
            // It was said why, or it was stopped before it began.
        }
    }
}
