using Serverless.GpuWorker.Trainers;

namespace Serverless.GpuWorker.Tests.Trainers;

/// <summary>
/// One trainer's checkpoints in a folder: due every so many askings, and the machine goes at the asking that a test names. The next object over
/// the same folder is the next machine.
/// </summary>
internal sealed class FolderCheckpoints(string folder, int every = int.MaxValue, int evictAt = int.MaxValue) : ICheckpoints
{
    private int asked;

    public bool Due
    {
        get
        {
            asked++;
            return asked % every == 0 || asked >= evictAt;
        }
    }

    public int Saved { get; private set; }

    public int RestoredRound { get; private set; }

    public Checkpoint? Restore(int format)
    {
        var newest = Directory.GetFiles(folder, $"{format}-*.checkpoint").MaxBy(Round);
        RestoredRound = newest is null ? 0 : Round(newest);
        return newest is null ? null : new Checkpoint(RestoredRound, newest);
    }

    public void Save(int format, int round, Action<Stream> write)
    {
        using (var stream = File.Create(Path.Combine(folder, $"{format}-{round}.checkpoint")))
        {
            write(stream);
        }

        Saved++;
        if (asked >= evictAt)
        {
            throw new EvictedException();
        }
    }

    private static int Round(string file) =>
        int.Parse(Path.GetFileNameWithoutExtension(file).Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
}
