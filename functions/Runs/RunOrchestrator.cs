using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs;

/// <summary>
/// The way of one file: ingest, train, evaluate, register, approve, deploy. Its id is the run's. It holds names, ids and blob references
/// alone; whatever is killed, a replay comes to the same place.
/// </summary>
public sealed class RunOrchestrator
{
    /// <summary>How often a challenger is judged anew because another run deployed in between; then somebody has to look.</summary>
    internal const int MaxJudgements = 10;

    /// <summary>How often stages are done again because storage lost what they had written; more often somebody takes it away.</summary>
    internal const int MaxRecoveries = 5;

    [Function(nameof(RunOrchestrator))]
    public static async Task<RunOutcome> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var input = context.GetInput<RunInput>() ?? throw new RunFailedException("The run has no input; it was not started by a drop.");
        var log = context.CreateReplaySafeLogger<RunOrchestrator>();
        using var scope = log.About(context.InstanceId, input.Pipeline);
        var progress = new RunProgress(context, input);
        try
        {
            var outcome = await RunWholeAsync(context, input, progress);
            using var made = log.About(context.InstanceId, input.Pipeline, outcome.ModelVersion);
            log.LogInformation("Run {RunId} ended: {Verdict}", context.InstanceId, outcome.Verdict);
            progress.Count(outcome.Deployed ? "deployed" : "kept");
            return outcome;
        }
        catch (RunFailedException failed)
        {
            progress.Fail(failed.Message);
            log.LogWarning("Run {RunId} failed: {Reason}", context.InstanceId, failed.Message);
            throw;
        }
        catch (TaskFailedException failed)
        {
            // The activity's own words, not "Task 'X' failed with an unhandled exception".
            var message = failed.FailureDetails.ErrorMessage;
            progress.Fail(message);
            log.LogError("Run {RunId} failed in {Activity}: {Reason}", context.InstanceId, failed.TaskName, message);
            throw new RunFailedException(message);
        }
    }

    // Where a stage fails because storage has lost what an earlier one wrote, that one is done again.
    private static async Task<RunOutcome> RunWholeAsync(TaskOrchestrationContext context, RunInput input, RunProgress progress)
    {
        if (input.Refusal is { } refusal)
        {
            throw new RunFailedException(refusal);
        }

        var made = new RunResults();
        for (var recovery = 0; ; recovery++)
        {
            try
            {
                return await RunStagesAsync(context, input, made, progress);
            }
            catch (Exception failed) when (failed is RunFailedException or TaskFailedException && recovery < MaxRecoveries)
            {
                var belongings = made.Belongings(context.InstanceId, input);
                var losses = await context.CallActivityAsync<RunLosses>(nameof(FindLosses), belongings, RunRetries.Storage);
                if (!losses.Any)
                {
                    throw;
                }

                made.Forget(losses);
                progress.Interrupt($"storage lost {string.Join(", ", losses.Names)}");
            }
        }
    }

    private static async Task<RunOutcome> RunStagesAsync(
        TaskOrchestrationContext context,
        RunInput input,
        RunResults made,
        RunProgress progress
    )
    {
        var data = made.Data ??= await IngestAsync(context, input, progress);
        var jobId = made.JobId ??= await TrainAsync(context, input, data, progress);

        var question = new EvaluationRequest
        {
            RunId = context.InstanceId,
            Pipeline = input.Pipeline,
            JobId = jobId,
            DefinitionBlob = input.Ingest!.DefinitionBlob,
            Dataset = data.TestDataset ?? data.Dataset!,
            TestBlob = TestBlob(data),
        };
        var judged = made.Judged ??= await EvaluateAsync(context, question, progress);
        var registration = new Registration(context.InstanceId, input.Pipeline, jobId, data.Split!, input.DefinitionDigest);
        var version = made.Version ??= await RegisterAsync(context, registration, progress);

        if (!judged.Passed)
        {
            progress.Skip(Stages.Approve, "the gate was not passed");
            progress.Skip(Stages.Deploy, "the gate was not passed");
            return new RunOutcome(version, Deployed: false, judged.Verdict);
        }

        if (!made.Approved && await ApproveAsync(context, input, version, progress) is { } refused)
        {
            progress.Skip(Stages.Deploy, "not approved");
            return new RunOutcome(version, Deployed: false, refused);
        }

        made.Approved = true;

        return await DeployAsync(context, question, judged, version, progress);
    }

    private static async Task<IngestOutcome> IngestAsync(TaskOrchestrationContext context, RunInput input, RunProgress progress)
    {
        progress.Start(Stages.Ingest);
        var request = input.Ingest!;
        IngestOutcome? data;
        if (input.IngestAsJob)
        {
            var job = NewJob(context, input, JobKind.Ingest) with { Ingest = request };
            progress.Start(Stages.Ingest, status => status with { JobId = job.JobId });
            data = (await context.RunJobAsync(job)).Ingest;
        }
        else
        {
            data = await context.CallActivityAsync<IngestOutcome>(nameof(IngestFile), request, RunRetries.WholeFile);
        }

        if (data is not { Accepted: true, Dataset: not null, Split: not null })
        {
            throw new RunFailedException(data?.FirstError ?? "The file was refused without a reason; see the validation report.");
        }

        progress.Done(
            Stages.Ingest,
            $"{data.Rows:N0} rows, {data.Columns} columns{(data.Warnings > 0 ? $", {data.Warnings} warnings" : "")}",
            status => status with { DataVersion = data.Dataset.Version, Rows = data.Rows }
        );
        return data;
    }

    private static async Task<string> TrainAsync(TaskOrchestrationContext context, RunInput input, IngestOutcome data, RunProgress progress)
    {
        var job = NewJob(context, input, JobKind.Train) with
        {
            Queue = input.TrainQueue,
            Machine = input.TrainMachine,
            MaxInstances = input.MaxInstances,
            Workers = input.Workers,
            Train = new TrainJob
            {
                Split = data.Split!,
                TestBlob = TestBlob(data),
                DefinitionBlob = input.Ingest!.DefinitionBlob,
                Threads = input.TrainThreads,
            },
        };
        progress.Start(Stages.Train, status => status with { JobId = job.JobId });
        var outcome = await context.RunJobAsync(job);
        progress.Done(Stages.Train, outcome.Note);
        return job.JobId;
    }

    private static async Task<EvaluationOutcome> EvaluateAsync(
        TaskOrchestrationContext context,
        EvaluationRequest question,
        RunProgress progress
    )
    {
        progress.Start(Stages.Evaluate);
        var judged = await context.CallActivityAsync<EvaluationOutcome>(nameof(EvaluateModel), question, RunRetries.WholeFile);
        progress.Done(Stages.Evaluate, judged.Note, status => status with { Verdict = judged.Verdict });
        return judged;
    }

    private static async Task<int> RegisterAsync(TaskOrchestrationContext context, Registration registration, RunProgress progress)
    {
        progress.Start(Stages.Register);
        var version = await context.CallActivityAsync<int>(nameof(RegisterModel), registration, RunRetries.Storage);
        progress.Done(Stages.Register, $"v{version}", status => status with { ModelVersion = version });
        return version;
    }

    // Null: go on. Else why not.
    private static async Task<string?> ApproveAsync(TaskOrchestrationContext context, RunInput input, int version, RunProgress progress)
    {
        if (!input.Approval)
        {
            progress.Skip(Stages.Approve, "not asked for");
            return null;
        }

        var candidate = new Candidate(input.Pipeline, version, Waiting: true, context.InstanceId);
        await context.CallActivityAsync(nameof(MarkCandidate), candidate, RunRetries.Storage);
        progress.Start(Stages.Approve);
        string verdict;
        try
        {
            var decision = await context.WaitForExternalEvent<ApprovalDecision>(ApprovalDecision.EventName, input.ApprovalTimeout);
            var who =
                $"{(decision.By is { Length: > 0 } by ? $" by {by}" : "")}{(decision.Comment is { Length: > 0 } why ? $": {why}" : "")}";
            if (decision.Approved)
            {
                progress.Done(Stages.Approve, $"approved{who}");
                return null;
            }

            verdict = $"Not deployed: v{version} was rejected{who}.";
        }
        catch (TaskCanceledException)
        {
            verdict = $"Not deployed: nobody approved v{version} within {input.ApprovalTimeout:g} (gate.approvalTimeout).";
        }

        await WithdrawAsync(context, input.Pipeline, version);
        progress.Done(Stages.Approve, verdict, status => status with { Verdict = verdict });
        return verdict;
    }

    // The champion may have changed since the challenger was measured; then it is measured against the new one.
    private static async Task<RunOutcome> DeployAsync(
        TaskOrchestrationContext context,
        EvaluationRequest question,
        EvaluationOutcome judged,
        int version,
        RunProgress progress
    )
    {
        progress.Start(Stages.Deploy);
        for (var judgement = 1; ; judgement++)
        {
            var order = new Deployment(question.Pipeline, version, judged.ChampionVersion, question.RunId);
            if (await context.CallActivityAsync<bool>(nameof(DeployModel), order, RunRetries.Storage))
            {
                progress.Done(Stages.Deploy, $"v{version} is champion", status => status with { Deployed = true });
                return new RunOutcome(version, Deployed: true, judged.Verdict);
            }

            if (judgement == MaxJudgements)
            {
                await WithdrawAsync(context, question.Pipeline, version);
                throw new RunFailedException(
                    $"v{version} passed the gate {MaxJudgements} times, and each time another run had deployed in between. "
                        + $"Put it into production by hand if it should be: PUT /api/models/{question.Pipeline}/champion."
                );
            }

            judged = await context.CallActivityAsync<EvaluationOutcome>(nameof(EvaluateModel), question, RunRetries.WholeFile);
            progress.Start(Stages.Deploy, status => status with { Verdict = judged.Verdict });
            if (!judged.Passed)
            {
                await WithdrawAsync(context, question.Pipeline, version);
                progress.Skip(Stages.Deploy, "another run deployed in between, and its model is not beaten");
                return new RunOutcome(version, Deployed: false, judged.Verdict);
            }
        }
    }

    private static Task WithdrawAsync(TaskOrchestrationContext context, string model, int version) =>
        context.CallActivityAsync(
            nameof(MarkCandidate),
            new Candidate(model, version, Waiting: false, context.InstanceId),
            RunRetries.Storage
        );

    private static string TestBlob(IngestOutcome data) => data.TestDataset?.Data ?? data.Split!.Test;

    private static JobSpec NewJob(TaskOrchestrationContext context, RunInput input, JobKind kind) =>
        new()
        {
            JobId = context.NewGuid().ToString("N"),
            Kind = kind,
            Queue = Queues.JobsCpu,
            Pipeline = input.Pipeline,
            RunId = context.InstanceId,
            NotifyInstance = context.InstanceId,
            CreatedAt = new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc)),
        };
}
