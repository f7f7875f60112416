using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Drops;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Monitoring;

/// <summary>
/// What follows from a judged window: where it drifted and the definition asks for it, a run; then the report. The run comes first: a process
/// that is killed between the two judges the window again and finds the run started.
/// </summary>
public sealed class DriftAnswer(
    RunStarter starter,
    DatasetStore datasets,
    DriftReports reports,
    TimeProvider time,
    ILogger<DriftAnswer> log
)
{
    /// <summary>After a run that drift started, until it may start the next one, whatever the data.</summary>
    internal static readonly TimeSpan CoolDown = TimeSpan.FromHours(24);

    /// <summary>The report as it was written.</summary>
    public async Task<DriftReport> GiveAsync(DurableTaskClient client, DriftJudgement judged, CancellationToken cancellationToken)
    {
        var report = judged.Report;
        if (report.State == DriftState.Drifted && judged.Retrain)
        {
            var (run, note) = await RetrainAsync(client, report.Model, judged.DataVersion, cancellationToken);
            report = report with { RetrainingRun = run, Note = note };
        }

        await reports.WriteAsync(report, cancellationToken);
        return report;
    }

    // One run for each data that drifted: its id is made from both, so neither a second window nor the same model trained again can start another.
    private async Task<(string? RunId, string? Note)> RetrainAsync(
        DurableTaskClient client,
        string model,
        string trainedOn,
        CancellationToken cancellationToken
    )
    {
        var last = await reports.LastRetrainingAsync(model, cancellationToken);
        var now = time.GetUtcNow();
        if (last is not null && last.StartedAt + CoolDown > now)
        {
            return (
                null,
                $"Not retrained: run {last.RunId} was started for drift at {last.StartedAt:u}; the next may start {CoolDown.TotalHours:0} h later."
            );
        }

        var prefix = $"{Containers.Drop}/";
        if (
            await datasets.LatestOriginAsync(model, cancellationToken) is not { } origin
            || !origin.Source.StartsWith(prefix, StringComparison.Ordinal)
        )
        {
            return (null, "Not retrained: the pipeline has no data set any more. Drop a file.");
        }

        var outcome = await starter.StartAgainAsync(client, origin.Source[prefix.Length..], $"drift from {trainedOn}", cancellationToken);
        if (outcome.Problem is { } problem)
        {
            return (null, $"Not retrained: {problem}");
        }

        if (!outcome.Started)
        {
            return (null, $"Not retrained: run {outcome.RunId} was started for drift from this data before. Drop newer rows.");
        }

        await reports.NoteRetrainingAsync(model, new Retraining(outcome.RunId!, now), cancellationToken);
        using var scope = log.About(outcome.RunId, model);
        log.LogWarning("Drift of model {Model} started run {RunId} on {Source}", model, outcome.RunId, origin.Source);
        return (outcome.RunId, null);
    }
}
