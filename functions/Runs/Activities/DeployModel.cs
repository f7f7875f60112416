using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Registry;

namespace Serverless.Functions.Runs.Activities;

/// <param name="Model">The model.</param>
/// <param name="Version">The challenger.</param>
/// <param name="JudgedAgainst">The champion it was measured against; null when there was none.</param>
public sealed record Deployment(string Model, int Version, int? JudgedAgainst);

/// <summary>Makes the challenger the champion; false when another run deployed since it was judged.</summary>
public sealed class DeployModel(AliasStore aliases, ModelRegistry registry)
{
    [Function(nameof(DeployModel))]
    public async Task<bool> RunAsync([ActivityTrigger] Deployment deployment, CancellationToken cancellationToken) =>
        await registry.IsWholeAsync(deployment.Model, deployment.Version, cancellationToken)
            ? await aliases.PromoteAsync(deployment.Model, deployment.Version, deployment.JudgedAgainst, cancellationToken)
            : throw new InvalidDataException(
                $"Blobs models/{deployment.Model}/{deployment.Version}/ are missing, though the run registered them; nothing was deployed. "
                    + "Drop the file again."
            );
}
