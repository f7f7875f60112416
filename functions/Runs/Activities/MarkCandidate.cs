using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Registry;

namespace Serverless.Functions.Runs.Activities;

/// <param name="Model">The model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Waiting">True: it waits for approval. False: it does no longer.</param>
public sealed record Candidate(string Model, int Version, bool Waiting);

/// <summary>Sets or clears the alias <c>candidate</c>.</summary>
public sealed class MarkCandidate(AliasStore aliases)
{
    [Function(nameof(MarkCandidate))]
    public async Task<bool> RunAsync([ActivityTrigger] Candidate candidate, CancellationToken cancellationToken)
    {
        if (candidate.Waiting)
        {
            await aliases.SetCandidateAsync(candidate.Model, candidate.Version, cancellationToken);
        }
        else
        {
            await aliases.ClearCandidateAsync(candidate.Model, candidate.Version, cancellationToken);
        }

        return candidate.Waiting;
    }
}
