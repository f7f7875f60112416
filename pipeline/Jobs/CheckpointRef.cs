namespace Serverless.Pipeline.Jobs;

/// <summary>
/// A checkpoint that counts: named in <c>result.json</c> under the claim's lease, after its bytes were stored. What is not named there was cut
/// off, or came from a worker that had lost the job.
/// </summary>
/// <param name="Trainer">Name of the trainer in the job.</param>
/// <param name="Number">Counts up over all claims.</param>
/// <param name="Format">The trainer's version of the bytes.</param>
/// <param name="Round">Rounds or epochs behind it.</param>
/// <param name="Fence">The claim that wrote it.</param>
/// <param name="Digest">SHA-256 of the bytes, hexadecimal.</param>
/// <param name="Bytes">How many.</param>
/// <param name="At">When the state was taken: work after it is lost when the machine goes.</param>
public sealed record CheckpointRef(
    string Trainer,
    int Number,
    int Format,
    int Round,
    int Fence,
    string Digest,
    long Bytes,
    DateTimeOffset At
)
{
    /// <summary>How many of a trainer are kept: the newest, and the one before should it turn out to be corrupt.</summary>
    public const int Kept = 2;
}
