namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>The states of a rank as files for its worker, which stores them.</summary>
internal sealed class RankCheckpoints(RankSpec spec, RankLine line) : ICheckpoints
{
    private int written;

    /// <summary>The file written last.</summary>
    public string? Last { get; private set; }

    public bool Due => line.TakeSave();

    public Checkpoint? Restore(int format) => spec.StateFile is { } file ? new Checkpoint(spec.StateRound, file) : null;

    public void Save(int format, int round, Action<Stream> write)
    {
        var file = Path.Combine(spec.Folder, $"rank-{spec.Rank}-{++written}");
        using (var stream = File.Create(file))
        {
            write(stream);
        }

        Last = file;
        line.Send(new RankEvent(RankEventKind.Saved) { Round = round, File = file });
    }
}
