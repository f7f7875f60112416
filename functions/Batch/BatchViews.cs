using Microsoft.DurableTask.Client;
using Serverless.Functions.Runs;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Storage;

namespace Serverless.Functions.Batch;

/// <summary>Batch jobs as the API shows them, made from what Durable knows of their orchestrations.</summary>
internal static class BatchViews
{
    /// <summary>Null where there is no such job. </summary>
    public static async Task<BatchView?> FindAsync(DurableTaskClient client, string jobId, CancellationToken cancellationToken) =>
        RunId.IsPossible(jobId)
        && await client.GetInstanceAsync(jobId, getInputsAndOutputs: true, cancellationToken)
            is { Name: nameof(BatchOrchestrator) } instance
            ? Of(instance)
            : null;

    /// <summary>Needs an instance that was read with its inputs and outputs.</summary>
    public static BatchView Of(OrchestrationMetadata instance)
    {
        var request = instance.ReadInputAs<BatchInput>()?.Request;
        // Unset it is the text "null" on the real platform.
        var status = instance.SerializedCustomStatus is null or "" or "null" ? null : instance.ReadCustomStatusAs<BatchStatus>();
        var state = RunViews.State(instance.RuntimeStatus);
        return new BatchView
        {
            JobId = instance.InstanceId,
            Model = request?.Model ?? "",
            Version = request?.Version ?? 0,
            Source = $"{request?.Container}/{request?.Blob}",
            Result = $"{Containers.Scored}/{(request is null ? "" : BatchBlobs.Folder(request))}",
            State = state,
            CreatedAt = instance.CreatedAt,
            UpdatedAt = instance.LastUpdatedAt,
            Rows = status?.Rows,
            Done = status?.Done ?? 0,
            Failed = status?.Failed ?? 0,
            WorkerJob = status?.WorkerJob,
            Failure = state switch
            {
                RunState.Failed => status?.Failure ?? instance.FailureDetails?.ErrorMessage,
                RunState.Cancelled => "The job was cancelled; parts that were scored before lie in the result's folder, without a summary.",
                _ => null,
            },
        };
    }

    /// <summary>Jobs, newest first.</summary>
    public static async Task<BatchPage> ListAsync(
        DurableTaskClient client,
        string? model,
        RunState? state,
        int top,
        CancellationToken cancellationToken
    )
    {
        var query = new OrchestrationQuery(
            InstanceIdPrefix: model is null ? "batch-" : $"batch-{model}-",
            PageSize: 200,
            FetchInputsAndOutputs: true
        );
        var jobs = new List<BatchView>();
        await foreach (var instance in client.GetAllInstancesAsync(query).WithCancellation(cancellationToken))
        {
            if (instance.Name != nameof(BatchOrchestrator))
            {
                continue;
            }

            var view = Of(instance);
            if ((model is null || view.Model == model) && (state is null || view.State == state))
            {
                jobs.Add(view);
            }
        }

        return new BatchPage([.. jobs.OrderByDescending(job => job.CreatedAt).ThenBy(job => job.JobId, StringComparer.Ordinal).Take(top)]);
    }
}
