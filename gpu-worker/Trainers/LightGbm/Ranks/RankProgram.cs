using System.Runtime.InteropServices;
using System.Text.Json;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>
/// One rank's training, in a process of its own: LightGBM's network waits inside native code for a peer that is gone or paused, and from there
/// only the end of the process leads out. The worker that started it keeps its leases meanwhile, and may kill it at any time.
/// </summary>
internal static class RankProgram
{
    public const string Verb = "rank";

    /// <summary>Of LightGBM's own waiting, in its unit; a lost peer is noticed by heartbeats long before.</summary>
    private const int TimeOut = 120;

    public static int Run(string specFile, TimeProvider time)
    {
        var spec = JsonSerializer.Deserialize<RankSpec>(File.ReadAllText(specFile), PipelineJson.Compact)!;
        using var line = new RankLine(time);
        // A signal to the whole group is for the worker to heed: it saves a state first, for which this process must live.
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        var started = false;
        try
        {
            LightGbmLibrary.Require();
            Train(spec, line, time, () => started = true);
            return 0;
        }
        catch (RanksGoneException gone)
        {
            line.Send(
                new RankEvent(RankEventKind.Alone)
                {
                    Round = gone.Rounds,
                    Digest = gone.Digest,
                    Why = gone.Message,
                }
            );
        }
        catch (LightGbmException gone) when (started)
        {
            line.Send(new RankEvent(RankEventKind.Alone) { Why = gone.Message });
        }
        catch (Exception failed) when (failed is not OutOfMemoryException)
        {
            var userError = failed is JobFailedException { UserError: true };
            line.Send(new RankEvent(RankEventKind.Failed) { Why = failed.Message, UserError = userError });
        }

        return 1;
    }

    private static void Train(RankSpec spec, RankLine line, TimeProvider time, Action started)
    {
        var settings = spec.Settings;
        // The sample is drawn as LightGBM draws it: a function of the number of rows and the parameters that are the same everywhere.
        var part = new RowPart(spec.Rank, spec.Ranks, Dataset.SampleOf(spec.Rows, $"seed={spec.Seed} verbosity=-1"));
        var reader = new TrainingDataReader(spec.Schema, spec.Data, allColumns: false, part);
        var data = reader.Read(spec.TrainFile, spec.ValidationFile, settings.MaxCategories, settings.ClassWeight, CancellationToken.None);
        if (data.Rows != spec.Rows)
        {
            throw new InvalidDataException(
                $"{Path.GetFileName(spec.TrainFile)} has {data.Rows:N0} rows with a target; rank 0 found {spec.Rows:N0}. Start the run again."
            );
        }

        var checkpoints = new RankCheckpoints(spec, line);
        var place = new RankPlace(spec.Rank, spec.Ranks, Connect, Check);
        var boosting = new Boosting(settings, data.Setup(spec.Seed, spec.Threads), spec.SegmentRounds, line, checkpoints, place);
        var from = checkpoints.Restore(LightGbmState.Format) is { } checkpoint ? LightGbmState.Read(checkpoint) : new LightGbmState();
        var ended = boosting.Run(data, from, CancellationToken.None);
        line.Send(
            new RankEvent(RankEventKind.Ended)
            {
                Round = ended.Rounds,
                File = checkpoints.Last,
                Digest = boosting.Digest,
            }
        );
        // The others may not be as far: the connections stay until the worker ends this process.
        line.UntilEnd();

        void Connect()
        {
            line.Send(new RankEvent(RankEventKind.Ready));
            var machines = line.Machines();
            started();
            LightGbmException.ThrowIfFailed(NativeMethods.LGBM_NetworkInit(machines, spec.Port, TimeOut, spec.Ranks));
            _ = PeerWatch.RunAsync(spec.Port, machines.Split(','), line, time);
        }

        void Check(int round, string digest) => line.Send(new RankEvent(RankEventKind.Checked) { Round = round, Digest = digest });
    }
}
