using System.Diagnostics;
using Serverless.GpuWorker.Trainers;
using Serverless.GpuWorker.Trainers.LightGbm;
using Serverless.GpuWorker.Trainers.LightGbm.Ranks;
using Serverless.Pipeline.Definitions;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <param name="State">Rank 0's ended state.</param>
/// <param name="Rounds">By rank.</param>
/// <param name="Digests">Of the trees, by rank.</param>
internal sealed record GroupEnd(LightGbmState State, IReadOnlyList<int> Rounds, IReadOnlyList<string?> Digests);

/// <summary>The processes of all ranks of one training, without a job around them.</summary>
internal sealed class RankGroup : IAsyncDisposable
{
    private readonly List<RankProcess> ranks = [];
    private readonly List<string> machines = [];
    private readonly Dictionary<int, RankEvent> last = [];
    private readonly HashSet<int> killed = [];
    private readonly Dictionary<int, List<string>> digests = [];
    private int ready;
    private int round;
    private RankEvent? saved;

    private static int Groups;

    public static RankGroup Start(TestFolder folder, PipelineDefinition definition, TrainingFiles files, int count, RankEvent? from = null)
    {
        var reader = new TrainingDataReader(files.Schema, definition.Data, allColumns: false, RowPart.None);
        var settings = definition.Training.Trainers[0].LightGbm!;
        var rows = reader.Read(files.Train, null, settings.MaxCategories, settings.ClassWeight, CancellationToken.None).Rows;
        var group = new RankGroup();
        var number = Interlocked.Increment(ref Groups);
        for (var rank = 0; rank < count; rank++)
        {
            var port = RankProcess.FreePort();
            // Each reads a copy of its own, as on machines of their own.
            var own = Directory.CreateDirectory(folder.File($"group-{number}-rank-{rank}")).FullName;
            var train = Path.Combine(own, "train.parquet");
            File.Copy(files.Train, train);
            group.machines.Add($"127.0.0.1:{port}");
            var spec = new RankSpec
            {
                Rank = rank,
                Ranks = count,
                Port = port,
                Rows = (int)rows,
                TrainFile = train,
                ValidationFile = rank == 0 ? files.Validation : null,
                Schema = files.Schema,
                Data = definition.Data,
                Settings = settings,
                Seed = definition.Training.Seed,
                Threads = 1,
                SegmentRounds = 25,
                StateFile = from?.File,
                StateRound = from?.Round ?? 0,
                Folder = own,
            };
            group.ranks.Add(RankProcess.Start(spec, TimeProvider.System));
        }

        return group;
    }

    /// <summary>Until every rank has said its last word.</summary>
    public async Task<GroupEnd> EndAsync(CancellationToken cancellationToken)
    {
        await UntilAsync(() => last.Count == ranks.Count, "all ranks to end", cancellationToken);
        var ends = Enumerable.Range(0, ranks.Count).Select(rank => last[rank]).ToList();
        Assert.True(ends[0].Kind == RankEventKind.Ended, ends[0].ToString());
        Assert.All(ends, end => Assert.True(end.Kind is RankEventKind.Ended or RankEventKind.Alone, end.ToString()));
        return new GroupEnd(
            LightGbmState.Read(new Checkpoint(ends[0].Round, ends[0].File!)),
            [.. ends.Select(end => end.Round)],
            [.. ends.Select(end => end.Digest)]
        );
    }

    /// <summary>Until rank 0 has ended before the last round, and the others were heard at all rounds that it was.</summary>
    public async Task<(LightGbmState State, IReadOnlyDictionary<int, List<string>> Digests)> StopAsync(CancellationToken cancellationToken)
    {
        await UntilAsync(
            () => last.ContainsKey(0) && digests.Values.All(each => each.Count == ranks.Count),
            "rank 0 to end",
            cancellationToken
        );
        return (LightGbmState.Read(new Checkpoint(last[0].Round, last[0].File!)), digests);
    }

    /// <summary>The first state that holds rounds, asked for after so many.</summary>
    public async Task<RankEvent> SaveAfterAsync(int round, CancellationToken cancellationToken)
    {
        await UntilAsync(() => this.round >= round, $"round {round}", cancellationToken);
        ranks[0].Save();
        await UntilAsync(() => saved is not null, "a state", cancellationToken);
        return saved!;
    }

    /// <returns>How long the others took to notice.</returns>
    public async Task<TimeSpan> KillAsync(int rank, CancellationToken cancellationToken)
    {
        killed.Add(rank);
        var clock = Stopwatch.StartNew();
        using (var process = Process.GetProcessById(ranks[rank].Id))
        {
            process.Kill();
        }

        await UntilAsync(() => last.Keys.Count(other => other != rank) == ranks.Count - 1, "the others to notice", cancellationToken);
        return clock.Elapsed;
    }

    public ValueTask DisposeAsync()
    {
        ranks.ForEach(rank => rank.Dispose());
        return ValueTask.CompletedTask;
    }

    private Task UntilAsync(Func<bool> condition, string what, CancellationToken cancellationToken) =>
        Eventually.HoldsAsync(
            () =>
            {
                Take();
                return condition();
            },
            what,
            cancellationToken,
            TimeSpan.FromMinutes(3)
        );

    private void Take()
    {
        for (var rank = 0; rank < ranks.Count; rank++)
        {
            while (ranks[rank].TryTake(out var what))
            {
                switch (what.Kind)
                {
                    case RankEventKind.Ready:
                        ready++;
                        break;
                    case RankEventKind.Round:
                        round = what.Round;
                        break;
                    case RankEventKind.Checked:
                        digests.TryAdd(what.Round, []);
                        digests[what.Round].Add(what.Digest!);
                        break;
                    case RankEventKind.Saved:
                        saved = what;
                        break;
                    default:
                        last[rank] = what;
                        break;
                }
            }
        }

        var silent = Enumerable.Range(0, ranks.Count).FirstOrDefault(rank => ranks[rank].IsOver && !last.ContainsKey(rank), -1);
        Assert.True(silent < 0 || killed.Contains(silent), silent < 0 ? "" : $"Rank {silent} ended without a word: {ranks[silent].Tail}");
        if (ready == ranks.Count)
        {
            ready = 0;
            ranks.ForEach(rank => rank.Go(machines));
        }
    }
}
