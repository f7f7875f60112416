using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

public sealed record Registration(string RunId, string Pipeline, string JobId, SplitRef Split, string DefinitionDigest);

/// <summary>Keeps the trained model under the run's own number; repeating it gives the same number.</summary>
public sealed class RegisterModel(
    JobBoard jobs,
    ModelRegistry registry,
    DefinitionStore definitions,
    StorageClients storage,
    ILogger<RegisterModel> log
)
{
    [Function(nameof(RegisterModel))]
    public async Task<int> RunAsync([ActivityTrigger] Registration registration, CancellationToken cancellationToken)
    {
        using var scope = log.About(registration.RunId, registration.Pipeline);
        var trained =
            (await jobs.ReadResultAsync(registration.JobId, cancellationToken))?.Train
            ?? throw new InvalidDataException($"Job {registration.JobId} has no training result; drop the file again to train anew.");
        var report =
            await storage
                .Container(Containers.Runs)
                .ReadJsonAsync<EvaluationReport>(ModelEvaluation.Blob(registration.RunId), cancellationToken)
            ?? throw new InvalidDataException(
                $"Blob {Containers.Runs}/{ModelEvaluation.Blob(registration.RunId)} is missing; drop the file again."
            );
        var reference =
            await storage
                .Container(Containers.Runs)
                .ReadJsonAsync<ReferenceProfile>(ModelEvaluation.ReferenceBlob(registration.RunId), cancellationToken)
            ?? throw new InvalidDataException(
                $"Blob {Containers.Runs}/{ModelEvaluation.ReferenceBlob(registration.RunId)} is missing; drop the file again."
            );
        var pinned = await definitions.ReadPinnedAsync(DefinitionStore.PinnedBlob(registration.RunId), cancellationToken);
        var manifest = await registry.RegisterAsync(
            new RegisterRequest
            {
                Model = registration.Pipeline,
                RunId = registration.RunId,
                DataVersion = registration.Split.Dataset.Version,
                SplitId = registration.Split.SplitId,
                DefinitionDigest = registration.DefinitionDigest,
                Trained = trained,
                Score = report.Challenger,
                Verdict = report.Verdict,
                AlertAbove = pinned.Definition.Monitoring?.AlertAbove,
                Reference = reference,
            },
            cancellationToken
        );
        using var registered = log.About(manifest);
        log.LogInformation(
            "Model {Model} version {Version} is registered, of run {RunId}",
            manifest.Name,
            manifest.Version,
            manifest.RunId
        );
        return manifest.Version;
    }
}
