using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Serverless.Pipeline.Registry;

namespace Serverless.Functions.Runs.Activities;

/// <param name="Model">The model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Waiting">True: it waits for approval. False: it does no longer.</param>
/// <param name="RunId">The run that asks.</param>
public sealed record Candidate(string Model, int Version, bool Waiting, string RunId);

/// <summary>Sets or clears the alias <c>candidate</c>.</summary>
public sealed class MarkCandidate(AliasStore aliases)
{
    [Function(nameof(MarkCandidate))]
    public async Task<bool> RunAsync(
        [ActivityTrigger] Candidate candidate,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        if (candidate.Waiting)
        {
            await aliases.SetCandidateAsync(candidate.Model, candidate.Version, cancellationToken);
            // Who cancels a run takes the mark away when the run has ended, but this activity may outlive it and mark after that.
            if (await client.GetInstanceAsync(candidate.RunId, cancellationToken) is { IsCompleted: false })
            {
                return true;
            }
        }

        await aliases.ClearCandidateAsync(candidate.Model, candidate.Version, cancellationToken);
        return false;
    }
}
