using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Batch.Activities;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Batch;

/// <summary>
/// One batch job: inspect, score the chunks beside each other, sum up; or all of it by a worker. Its id is the job's. A chunk is named by its
/// number and written once, so that whatever is killed, each row is in the result once.
/// </summary>
public sealed class BatchOrchestrator
{
    /// <summary>Chunks under way at once: enough for several instances, few enough that a cancelled job ends soon.</summary>
    internal const int Window = 16;

    private const int LongestFailure = 4000;

    [Function(nameof(BatchOrchestrator))]
    public static async Task<BatchOutcome> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<BatchInput>() ?? throw new RunFailedException("The job has no input; it was not started by the app.");
        var log = context.CreateReplaySafeLogger<BatchOrchestrator>();
        using var scope = log.About(input.Request);
        var startedAt = Now(context);
        var status = new BatchStatus();
        try
        {
            if (input.AsJob)
            {
                await WorkerAsync(context, input.Request);
            }
            else
            {
                await ScoreAsync(context, input.Request);
            }

            var finish = new FinishOrder(input.Request, startedAt);
            var outcome = await context.CallActivityAsync<BatchOutcome>(nameof(FinishBatch), finish, RunRetries.WholeFile);
            Tell(status with { Rows = outcome.Rows, Done = outcome.Rows, Failed = outcome.Failed });
            log.LogInformation("Batch job {JobId} ended: {Rows} rows, {Failed} failed", context.InstanceId, outcome.Rows, outcome.Failed);
            return outcome;
        }
        catch (RunFailedException failed)
        {
            throw Fail(failed.Message);
        }
        catch (TaskFailedException failed)
        {
            // The activity's own words, not "Task 'X' failed with an unhandled exception".
            throw Fail(failed.FailureDetails.ErrorMessage);
        }

        RunFailedException Fail(string message)
        {
            log.LogWarning("Batch job {JobId} failed: {Reason}", context.InstanceId, message);
            Tell(status with { Failure = message.Length <= LongestFailure ? message : message[..LongestFailure] + " ..." });
            return new RunFailedException(message);
        }

        void Tell(BatchStatus now)
        {
            status = now;
            context.SetCustomStatus(now);
        }

        async Task ScoreAsync(TaskOrchestrationContext context, BatchRequest request)
        {
            var outline = await context.CallActivityAsync<BatchOutline>(nameof(InspectBatch), request, RunRetries.WholeFile);
            if (outline.Problem is { } problem)
            {
                throw new RunFailedException(problem);
            }

            Tell(status with { Rows = outline.Rows });
            var orders = outline.Sequential
                ? [new ScoreOrder(request, 0, outline.Chunks)]
                : Enumerable.Range(0, outline.Chunks).Select(chunk => new ScoreOrder(request, chunk, chunk + 1)).ToList();
            var running = new List<Task<BatchOutcome>>();
            var next = 0;
            while (next < orders.Count || running.Count > 0)
            {
                while (next < orders.Count && running.Count < Window)
                {
                    running.Add(context.CallActivityAsync<BatchOutcome>(nameof(ScoreChunk), orders[next++], RunRetries.WholeFile));
                }

                var ended = await Task.WhenAny(running);
                running.Remove(ended);
                var part = await ended;
                Tell(status with { Done = status.Done + part.Rows, Failed = status.Failed + part.Failed });
            }
        }

        async Task WorkerAsync(TaskOrchestrationContext context, BatchRequest request)
        {
            var pinned = request with { Pinned = true };
            await context.CallActivityAsync(nameof(PinModel), pinned, RunRetries.Storage);
            var job = new JobSpec
            {
                JobId = context.NewGuid().ToString("N"),
                Kind = JobKind.Score,
                Queue = Queues.JobsCpu,
                Pipeline = request.Model,
                RunId = context.InstanceId,
                NotifyInstance = context.InstanceId,
                CreatedAt = Now(context),
                Score = pinned,
            };
            Tell(status with { WorkerJob = job.JobId });
            await context.RunJobAsync(job);
        }
    }

    private static DateTimeOffset Now(TaskOrchestrationContext context) =>
        new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc));
}
