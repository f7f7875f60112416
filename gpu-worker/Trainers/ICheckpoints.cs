namespace Serverless.GpuWorker.Trainers;

/// <summary>
/// What one trainer of a job keeps while it trains, so that another machine can go on from there: bytes that only the trainer understands.
/// Used from the training thread.
/// </summary>
internal interface ICheckpoints
{
    /// <summary>The newest whole checkpoint of this trainer, or null: begin at the beginning.</summary>
    /// <param name="format">Version of the bytes that the trainer writes; others are not given.</param>
    Checkpoint? Restore(int format);

    /// <summary>
    /// Whether to save now: more would be lost than may be, or the machine is going. Costs nothing; to be asked after every round or batch.
    /// </summary>
    bool Due { get; }

    /// <summary>
    /// Saves the state. To be called when <see cref="Due"/>, and once more when training has ended: then a resumed job does not train again.
    /// Returns when the bytes are written on this machine; they are stored while training goes on.
    /// </summary>
    /// <param name="format">As for <see cref="Restore"/>.</param>
    /// <param name="round">Rounds or epochs behind this state; their metrics are given to the next claim.</param>
    /// <param name="write">Writes the state; called at once.</param>
    /// <exception cref="EvictedException">The machine is going, and the state is stored: unwind.</exception>
    void Save(int format, int round, Action<Stream> write);
}

/// <param name="Round">As it was saved.</param>
/// <param name="File">The bytes, on this machine.</param>
internal sealed record Checkpoint(int Round, string File)
{
    public Stream Open() => System.IO.File.OpenRead(File);
}

/// <summary>The machine is going and what is worth keeping is stored: the job is to be handed back.</summary>
internal sealed class EvictedException()
    : OperationCanceledException("The machine is going; the job goes on elsewhere from its checkpoint.");

/// <summary>For training that nobody interrupts.</summary>
internal sealed class NoCheckpoints : ICheckpoints
{
    public static NoCheckpoints Instance { get; } = new();

    public bool Due => false;

    public Checkpoint? Restore(int format) => null;

    public void Save(int format, int round, Action<Stream> write) { }
}
