using Microsoft.DurableTask;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Runs;

/// <summary>Gives work to a worker and waits for it, however long it takes and whatever gets lost on the way.</summary>
internal static class JobWait
{
    /// <summary>
    /// The worker's event ends the wait at once; the look at the job's result is for events and messages that were lost. It comes often
    /// at first and then seldom, which keeps the history of a day-long training small.
    /// </summary>
    private static readonly TimeSpan[] Looks = [.. Enumerable.Repeat(TimeSpan.FromSeconds(30), 20), TimeSpan.FromMinutes(2)];

    /// <summary>Offers the job and returns what came of it.</summary>
    /// <exception cref="RunFailedException">It failed or was cancelled; the message is the job's own.</exception>
    public static async Task<JobOutcome> RunJobAsync(this TaskOrchestrationContext context, JobSpec job)
    {
        await context.CallActivityAsync(nameof(OfferJob), job, RunRetries.Storage);
        var reported = context.WaitForExternalEvent<JobEvent>(JobEvent.Name(job.JobId));
        for (var look = 0; ; look++)
        {
            using var stop = new CancellationTokenSource();
            var timer = context.CreateTimer(Looks[Math.Min(look, Looks.Length - 1)], stop.Token);
            var first = await Task.WhenAny(reported, timer);
            if (first == reported)
            {
                // Cancel() runs the continuations on the orchestrator's own thread; CancelAsync would leave it.
                stop.Cancel();
            }

            var outcome = await context.CallActivityAsync<JobOutcome>(nameof(CheckJob), job.JobId, RunRetries.Storage);
            if (outcome.State == JobState.Succeeded)
            {
                return outcome;
            }

            if (outcome.State is JobState.Failed or JobState.Cancelled)
            {
                throw new RunFailedException(outcome.Failure ?? $"Job {job.JobId} was cancelled.");
            }

            if (outcome.Lost)
            {
                // A storage emulator that was killed takes back what it had acknowledged; the orchestration still knows the job.
                await context.CallActivityAsync(nameof(OfferJob), job, RunRetries.Storage);
            }

            if (first == reported)
            {
                reported = context.WaitForExternalEvent<JobEvent>(JobEvent.Name(job.JobId));
            }
        }
    }
}
