using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Api;

/// <summary>What people decide about a run: approve, reject, cancel.</summary>
public sealed class RunDecisionsApi(JobBoard jobs, AliasStore aliases, TimeProvider time)
{
    // Both go into the run's custom status, which holds 16 KB.
    private const int LongestName = 200;
    private const int LongestComment = 1000;

    [Function("ApproveRun")]
    public Task<IResult> ApproveAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{runId}/approve")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    ) => DecideAsync(request, client, runId, approved: true, cancellationToken);

    [Function("RejectRun")]
    public Task<IResult> RejectAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{runId}/reject")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    ) => DecideAsync(request, client, runId, approved: false, cancellationToken);

    [Function("CancelRun")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{runId}/cancel")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken
    )
    {
        if (await RunsApi.FindAsync(client, runId, cancellationToken) is not { } view)
        {
            return RunsApi.NoRun(runId);
        }

        if (view.State is not (RunState.Pending or RunState.Running))
        {
            return Ended(view);
        }

        // The orchestration first: a cancelled job would otherwise look to it like a failed one.
        view = await client.CancelAsync(runId, time, cancellationToken) is { } ended ? RunViews.Of(ended) : view;
        if (view.State is RunState.Succeeded or RunState.Failed)
        {
            return Ended(view);
        }

        if (view.JobId is { } job)
        {
            await jobs.CancelAsync(job, cancellationToken);
        }

        if (view.ModelVersion is { } version)
        {
            await aliases.ClearCandidateAsync(view.Pipeline, version, cancellationToken);
        }

        return Answers.Accepted(new { runId });
    }

    private static IResult Ended(RunView view) =>
        Answers.Conflict(
            $"Run '{view.RunId}' has ended already ({view.State.ToString().ToLowerInvariant()}); only a run that lives can be cancelled."
        );

    private static async Task<IResult> DecideAsync(
        HttpRequest request,
        DurableTaskClient client,
        string runId,
        bool approved,
        CancellationToken cancellationToken
    )
    {
        var (body, wrong) = await Answers.ReadBodyAsync<DecisionRequest>(
            request,
            """no body, or {"by": "who", "comment": "why"}""",
            cancellationToken
        );
        if (wrong is not null)
        {
            return wrong;
        }

        if (body?.By?.Length > LongestName || body?.Comment?.Length > LongestComment)
        {
            return Answers.BadRequest(
                $"Found \"by\" of {body.By?.Length ?? 0:N0} and \"comment\" of {body.Comment?.Length ?? 0:N0} characters; "
                    + $"expected at most {LongestName} and {LongestComment:N0}. Shorten them."
            );
        }

        if (await RunsApi.FindAsync(client, runId, cancellationToken) is not { } view)
        {
            return RunsApi.NoRun(runId);
        }

        if (view.State != RunState.Running || view.Stages.All(stage => stage.Name != Stages.Approve || stage.State != StageState.Running))
        {
            return Answers.Conflict(
                $"Run '{runId}' does not wait for approval ({view.State.ToString().ToLowerInvariant()}); nothing was decided. "
                    + "A run waits when its definition has gate.approval: true and the gate is passed."
            );
        }

        await client.RaiseEventAsync(
            runId,
            ApprovalDecision.EventName,
            new ApprovalDecision(approved, body?.By, body?.Comment),
            cancellationToken
        );
        return Answers.Accepted(new { runId });
    }
}
