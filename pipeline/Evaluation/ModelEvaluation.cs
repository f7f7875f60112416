using System.Security.Cryptography;
using Azure;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Evaluation;

/// <param name="RunId">The run.</param>
/// <param name="Model">Name of the pipeline and of its model.</param>
/// <param name="JobId">The training job: the challenger is its result.</param>
/// <param name="DefinitionBlob">Blob in container <c>runs</c>: the gate is asked for there.</param>
/// <param name="Dataset">The data that the held-out rows belong to.</param>
/// <param name="TestBlob">Blob in container <c>datasets</c>: the held-out rows.</param>
public sealed record ModelEvaluationRequest(
    string RunId,
    string Model,
    string JobId,
    string DefinitionBlob,
    DatasetRef Dataset,
    string TestBlob
);

/// <summary>
/// Measures the challenger, and the champion of the moment, on the same held-out rows, judges, and writes <c>runs/{runId}/evaluation.json</c> and, of the challenger, <c>reference.json</c>.
/// </summary>
public sealed class ModelEvaluation(
    StorageClients storage,
    DefinitionStore definitions,
    JobBoard jobs,
    ModelRegistry registry,
    AliasStore aliases
)
{
    /// <summary>Blob in container <c>runs</c>.</summary>
    public static string Blob(string runId) => $"{runId}/evaluation.json";

    /// <summary>Blob in container <c>runs</c>: what the challenger's predictions will be compared with, once it is registered.</summary>
    public static string ReferenceBlob(string runId) => $"{runId}/reference.json";

    /// <exception cref="InvalidDataException">Something that the run left behind is missing or was changed.</exception>
    public async Task<EvaluationReport> RunAsync(ModelEvaluationRequest request, string workFolder, CancellationToken cancellationToken)
    {
        var definition = await definitions.ReadPinnedAsync(request.DefinitionBlob, cancellationToken);
        var schema =
            await storage.Container(Containers.Datasets).ReadJsonAsync<DatasetSchema>(request.Dataset.Schema, cancellationToken)
            ?? throw Missing(Containers.Datasets, request.Dataset.Schema);
        var rows = Path.Combine(workFolder, "test.parquet");
        await DownloadAsync(Containers.Datasets, request.TestBlob, rows, cancellationToken);
        using var challenger = await LoadChallengerAsync(request.JobId, cancellationToken);
        var (champion, version, misfit) = await LoadChampionAsync(request.Model, challenger.Signature, schema, cancellationToken);
        using var _ = champion;

        IReadOnlyList<OnnxModel> models = champion is null ? [challenger] : [challenger, champion];
        // Scoring is CPU work of seconds to minutes: off the threads that answer requests.
        var reference = new ReferenceBuilder(challenger.Signature, definition.Definition.Training.Seed);
        var (count, scores) = await Task.Run(
            () => HeldOutScoring.Score(rows, schema, models, cancellationToken, reference),
            cancellationToken
        );
        var championScore = champion is null ? null : scores[1];
        var report = new EvaluationReport
        {
            Task = challenger.Signature.Task,
            Rows = count,
            Challenger = scores[0],
            Champion = championScore,
            ChampionVersion = version,
            Verdict = Gate.Judge(
                definition.Definition.Gate,
                challenger.Signature.Task,
                scores[0],
                new ChampionStanding(version, championScore, misfit)
            ),
        };
        await storage.Container(Containers.Runs).WriteJsonAsync(ReferenceBlob(request.RunId), reference.Build(), cancellationToken);
        await storage.Container(Containers.Runs).WriteJsonAsync(Blob(request.RunId), report, cancellationToken);
        return report;
    }

    private async Task<OnnxModel> LoadChallengerAsync(string jobId, CancellationToken cancellationToken)
    {
        var trained =
            (await jobs.ReadResultAsync(jobId, cancellationToken))?.Train
            ?? throw new InvalidDataException($"Job {jobId} has no training result; drop the file again to train anew.");
        var signature =
            await storage.Container(Containers.Jobs).ReadJsonAsync<ModelSignature>(trained.SignatureBlob, cancellationToken)
            ?? throw Missing(Containers.Jobs, trained.SignatureBlob);
        try
        {
            var content = await storage.Container(Containers.Jobs).GetBlobClient(trained.ModelBlob).DownloadContentAsync(cancellationToken);
            var model = content.Value.Content.ToMemory();
            var digest = Convert.ToHexStringLower(SHA256.HashData(model.Span));
            return digest == trained.Digest
                ? OnnxModel.Load(model, signature)
                : throw new InvalidDataException(
                    $"Model {Containers.Jobs}/{trained.ModelBlob} has SHA-256 {digest}; its job reported {trained.Digest}. Drop the file again to train anew."
                );
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw Missing(Containers.Jobs, trained.ModelBlob);
        }
    }

    // A champion that cannot be measured, for whatever reason, must not stand in the way of a better model; the verdict says so.
    private async Task<(OnnxModel? Model, int? Version, string? Misfit)> LoadChampionAsync(
        string name,
        ModelSignature challenger,
        DatasetSchema schema,
        CancellationToken cancellationToken
    )
    {
        if ((await aliases.ReadAsync(name, cancellationToken)).Champion is not { } version)
        {
            return (null, null, null);
        }

        try
        {
            if (await registry.ReadManifestAsync(name, version, cancellationToken) is not { } manifest)
            {
                return (null, version, "its manifest is gone");
            }

            if (ModelFit.Misfit(manifest.Signature, challenger, schema) is { } misfit)
            {
                return (null, version, misfit);
            }

            var bytes = await registry.DownloadModelAsync(manifest, cancellationToken);
            return (OnnxModel.Load(bytes, manifest.Signature), version, null);
        }
        catch (Exception broken) when (broken is InvalidDataException or FileNotFoundException)
        {
            return (null, version, broken.Message.TrimEnd('.'));
        }
    }

    private async Task DownloadAsync(string container, string blob, string path, CancellationToken cancellationToken)
    {
        try
        {
            await storage.Container(container).GetBlobClient(blob).DownloadToAsync(path, cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw Missing(container, blob);
        }
    }

    private static InvalidDataException Missing(string container, string blob) =>
        new($"Blob {container}/{blob} is missing, though an earlier stage of the run wrote it. Drop the file again.");
}
