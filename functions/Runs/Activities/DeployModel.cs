using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

/// <param name="Model">The model.</param>
/// <param name="Version">The challenger.</param>
/// <param name="JudgedAgainst">The champion it was measured against; null when there was none.</param>
/// <param name="RunId">The run that asks; null in one that was started before it was told.</param>
public sealed record Deployment(string Model, int Version, int? JudgedAgainst, string? RunId = null);

/// <summary>Makes the challenger the champion; false when another run deployed since it was judged.</summary>
public sealed class DeployModel(AliasStore aliases, ModelRegistry registry, ILogger<DeployModel> log)
{
    [Function(nameof(DeployModel))]
    public async Task<bool> RunAsync([ActivityTrigger] Deployment deployment, CancellationToken cancellationToken)
    {
        using var scope = log.About(deployment.RunId, deployment.Model, deployment.Version);
        if (!await registry.IsWholeAsync(deployment.Model, deployment.Version, cancellationToken))
        {
            throw new InvalidDataException(
                $"Blobs models/{deployment.Model}/{deployment.Version}/ are missing, though the run registered them; nothing was deployed. "
                    + "Drop the file again."
            );
        }

        var promoted = await aliases.PromoteAsync(deployment.Model, deployment.Version, deployment.JudgedAgainst, cancellationToken);
        log.LogInformation(
            "Model {Model} version {Version} {Outcome}",
            deployment.Model,
            deployment.Version,
            promoted ? "is champion" : "is judged again: another run deployed in between"
        );
        return promoted;
    }
}
