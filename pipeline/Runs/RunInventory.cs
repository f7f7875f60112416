using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Runs;

/// <summary>
/// Looks for what a run wrote. A storage emulator that was killed takes back the last seconds of what it had acknowledged, and people delete
/// things; the orchestration still knows what was there.
/// </summary>
public sealed class RunInventory(
    StorageClients storage,
    DefinitionStore definitions,
    DatasetStore datasets,
    JobBoard jobs,
    ModelRegistry registry
)
{
    private readonly CodeStore code = new(storage);

    /// <summary>Finds what is missing, and pins the definition and its programs again where the stored ones are still the run's.</summary>
    public async Task<RunLosses> FindLossesAsync(RunBelongings run, CancellationToken cancellationToken)
    {
        List<string> names = [];
        var definition = await LostDefinitionAsync(run, names, cancellationToken);
        var data = await LostDataAsync(run, names, cancellationToken);
        var training = run.JobId is { } job && await LostTrainingAsync(job, names, cancellationToken);
        var evaluation =
            run.Judged
            && (
                await MissesAsync(Containers.Runs, ModelEvaluation.Blob(run.RunId), names, cancellationToken)
                || await MissesAsync(Containers.Runs, ModelEvaluation.ReferenceBlob(run.RunId), names, cancellationToken)
            );
        var model = run.Version is { } version && await LostModelAsync(run.Pipeline, version, names, cancellationToken);
        return new RunLosses(definition, data, training, evaluation, model, [.. names.Take(RunLosses.MaxNames)]);
    }

    // True only when it was missing and is there again: a definition that has changed meanwhile is another run's.
    private async Task<bool> LostDefinitionAsync(RunBelongings run, List<string> names, CancellationToken cancellationToken)
    {
        if (await storage.Container(Containers.Runs).GetBlobClient(run.DefinitionBlob).ExistsAsync(cancellationToken))
        {
            return await LostCodeAsync(run, names, cancellationToken);
        }

        if (await definitions.GetAsync(run.Pipeline, cancellationToken) is not { } stored || stored.Digest != run.DefinitionDigest)
        {
            return false;
        }

        names.Add($"{Containers.Runs}/{run.DefinitionBlob}");
        await definitions.PinAsync(stored, run.RunId, cancellationToken);
        return true;
    }

    // The programs that it names are copies too.
    private async Task<bool> LostCodeAsync(RunBelongings run, List<string> names, CancellationToken cancellationToken)
    {
        try
        {
            var pinned = await definitions.ReadPinnedAsync(run.DefinitionBlob, cancellationToken);
            var again = await code.PinLostAsync(pinned.Definition, run.RunId, cancellationToken);
            names.AddRange(again);
            return again.Count > 0;
        }
        catch (InvalidDataException)
        {
            // The run has failed of it and says so itself.
            return false;
        }
    }

    private async Task<bool> LostDataAsync(RunBelongings run, List<string> names, CancellationToken cancellationToken)
    {
        List<string> missing = [];
        foreach (var dataset in new[] { run.Dataset, run.TestDataset }.OfType<DatasetRef>())
        {
            missing.AddRange(await datasets.MissingAsync(dataset, cancellationToken));
        }

        if (run.Split is { } split)
        {
            missing.AddRange(await datasets.MissingAsync(split, withTest: run.TestDataset is null, cancellationToken));
        }

        names.AddRange(missing.Select(blob => $"{Containers.Datasets}/{blob}"));
        return missing.Count > 0;
    }

    private async Task<bool> LostTrainingAsync(string jobId, List<string> names, CancellationToken cancellationToken)
    {
        if ((await jobs.ReadResultAsync(jobId, cancellationToken))?.Train is not { } trained)
        {
            names.Add($"the result in {Containers.Jobs}/{JobBlobs.Result(jobId)}");
            return true;
        }

        var model = await MissesAsync(Containers.Jobs, trained.ModelBlob, names, cancellationToken);
        return await MissesAsync(Containers.Jobs, trained.SignatureBlob, names, cancellationToken) || model;
    }

    private async Task<bool> LostModelAsync(string model, int version, List<string> names, CancellationToken cancellationToken)
    {
        if (await registry.IsWholeAsync(model, version, cancellationToken))
        {
            return false;
        }

        names.Add($"{Containers.Models}/{model}/{version}");
        return true;
    }

    private async Task<bool> MissesAsync(string container, string blob, List<string> names, CancellationToken cancellationToken)
    {
        if (await storage.Container(container).GetBlobClient(blob).ExistsAsync(cancellationToken))
        {
            return false;
        }

        names.Add($"{container}/{blob}");
        return true;
    }
}
