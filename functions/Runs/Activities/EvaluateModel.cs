using System.Globalization;
using Azure.Storage.Blobs;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Hosting;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs.Activities;

/// <summary>Challenger against champion on the same held-out rows.</summary>
public sealed record EvaluationRequest
{
    public required string RunId { get; init; }

    public required string Pipeline { get; init; }

    /// <summary>The training job.</summary>
    public required string JobId { get; init; }

    /// <summary>Blob in container <c>runs</c>.</summary>
    public required string DefinitionBlob { get; init; }

    /// <summary>The data that the held-out rows belong to; its schema describes them.</summary>
    public required DatasetRef Dataset { get; init; }

    /// <summary>Blob in container <c>datasets</c>.</summary>
    public required string TestBlob { get; init; }
}

/// <param name="Passed">Whether the challenger may be deployed.</param>
/// <param name="Verdict">All the gate's reasons.</param>
/// <param name="Note">The metric in short.</param>
/// <param name="ChampionVersion">What it was measured against; null when nothing is in production.</param>
public sealed record EvaluationOutcome(bool Passed, string Verdict, string Note, int? ChampionVersion);

/// <summary>Measures both models, judges, and writes <c>runs/{runId}/evaluation.json</c>.</summary>
public sealed class EvaluateModel(ModelEvaluation evaluation, ILogger<EvaluateModel> log)
{
    [Function(nameof(EvaluateModel))]
    public async Task<EvaluationOutcome> RunAsync([ActivityTrigger] EvaluationRequest request, CancellationToken cancellationToken)
    {
        using var scope = log.About(request.RunId, request.Pipeline);
        using var work = new WorkFolder();
        var report = await evaluation.RunAsync(
            new ModelEvaluationRequest(
                request.RunId,
                request.Pipeline,
                request.JobId,
                request.DefinitionBlob,
                request.Dataset,
                request.TestBlob
            ),
            work.Path,
            cancellationToken
        );
        var verdict = report.Verdict;
        var note = double.IsNaN(verdict.Challenger)
            ? $"{verdict.Metric} could not be computed"
            : string.Create(CultureInfo.InvariantCulture, $"{verdict.Metric} {verdict.Challenger:0.####}");
        return new EvaluationOutcome(verdict.Passed, string.Join(' ', verdict.Reasons), note, report.ChampionVersion);
    }
}
