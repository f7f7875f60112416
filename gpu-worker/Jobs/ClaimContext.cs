using Microsoft.Extensions.Logging;
using Serverless.GpuWorker.Trainers;
using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Jobs;

/// <summary>What a job's work is given.</summary>
/// <param name="Job">What to do.</param>
/// <param name="Fence">Number of the claim; results go to its folder.</param>
/// <param name="Folder">A temporary folder of this claim's own, removed afterwards.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Metrics">Lines of <c>metrics.jsonl</c>.</param>
/// <param name="Log">Of this job.</param>
/// <param name="Checkpoints">Of a trainer, by its name in the job.</param>
/// <param name="Leaving">
/// The machine is going: save what is worth it and throw. Until the work's own token is cancelled there is time for that.
/// </param>
internal sealed record ClaimContext(
    JobSpec Job,
    int Fence,
    string Folder,
    IProgress<JobProgress> Progress,
    GrowingBlob Metrics,
    ILogger Log,
    Func<string, ICheckpoints> Checkpoints,
    CancellationToken Leaving
)
{
    /// <summary>The one that claimed it.</summary>
    public required MachineInfo Machine { get; init; }

    /// <summary>Told which other machines work on the job, and for how long.</summary>
    public Action<IReadOnlyList<MemberUse>> Members { get; init; } = _ => { };
}
