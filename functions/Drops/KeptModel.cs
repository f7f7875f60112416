using Serverless.Functions.Runs;
using Serverless.Pipeline.Registry;

namespace Serverless.Functions.Drops;

/// <summary>Whether what a run ended with is still there: an emulator that was killed, or a person, may have taken it away since.</summary>
public sealed class KeptModel(ModelRegistry registry, AliasStore aliases)
{
    /// <summary>True unless the run's model is gone, or it was deployed and nothing at all is in production.</summary>
    public async Task<bool> IsThereAsync(string model, RunOutcome outcome, CancellationToken cancellationToken) =>
        await registry.IsWholeAsync(model, outcome.ModelVersion, cancellationToken)
        && (!outcome.Deployed || (await aliases.ReadAsync(model, cancellationToken)).Champion is not null);
}
