using Azure;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Monitoring;

/// <param name="Report">Not written yet.</param>
/// <param name="Retrain">Whether the definition asks for a new run when the report says drifted.</param>
/// <param name="DataVersion">The data that the judged version was trained on.</param>
public sealed record DriftJudgement(DriftReport Report, bool Retrain, string DataVersion);

/// <summary>Sums what all instances counted of a model in production, and judges it.</summary>
public sealed partial class DriftMonitor(
    ModelRegistry registry,
    AliasStore aliases,
    DefinitionStore definitions,
    CountStore counts,
    DriftReports reports,
    TimeProvider time,
    ILogger<DriftMonitor> logger
)
{
    /// <summary>After the end of a window, until all instances have written what they counted in it.</summary>
    internal static readonly TimeSpan Grace = CountFlush.Every * 2;

    /// <summary>Judges the latest window that is over, of every model in production; one that has its report is left out.</summary>
    public async IAsyncEnumerable<DriftJudgement> JudgeDueAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        foreach (var model in await aliases.ListAsync(cancellationToken))
        {
            if (model.Champion is not { } version)
            {
                continue;
            }

            DriftJudgement? judged = null;
            try
            {
                var settings = await SettingsAsync(model.Model, cancellationToken);
                var to = CountSlots.Start(time.GetUtcNow() - Grace, settings.Window);
                if (!await reports.HasAsync(model.Model, to, cancellationToken))
                {
                    judged = await JudgeAsync(new(model.Model, version, to - settings.Window, to), settings, cancellationToken);
                }
            }
            catch (Exception failed) when (failed is InvalidDataException or RequestFailedException)
            {
                // One model must not hide the drift of the others; this one is tried again with the next timer.
                NotJudged(logger, model.Model, version, failed.Message);
            }

            if (judged is not null)
            {
                yield return judged;
            }
        }
    }

    /// <summary>Judges the window that ends now.</summary>
    /// <returns>Null where the model has nothing in production, or its version has no reference.</returns>
    /// <exception cref="InvalidDataException">Reference or counts are damaged.</exception>
    public async Task<DriftJudgement?> JudgeNowAsync(string model, CancellationToken cancellationToken)
    {
        if (!PipelineName.IsPossible(model) || (await aliases.ReadAsync(model, cancellationToken)).Champion is not { } version)
        {
            return null;
        }

        var settings = await SettingsAsync(model, cancellationToken);
        // The end is exclusive, and a slot may begin at this very tick.
        var now = time.GetUtcNow().AddTicks(1);
        return await JudgeAsync(new(model, version, now - settings.Window, now), settings, cancellationToken);
    }

    private async Task<DriftJudgement?> JudgeAsync(DriftSubject subject, MonitoringDefinition settings, CancellationToken cancellationToken)
    {
        var manifest = await registry.ReadManifestAsync(subject.Model, subject.Version, cancellationToken);
        var reference = await registry.ReadReferenceAsync(subject.Model, subject.Version, cancellationToken);
        if (manifest is null || reference is null)
        {
            return null;
        }

        using var scope = logger.About(manifest);
        var window = await counts.SumAsync(subject.Model, subject.Version, subject.From, subject.To, cancellationToken);
        var report = DriftRules.Judge(subject, reference, window, settings.Drift.Psi);
        DriftMetrics.Record(report);
        if (report.State == DriftState.Drifted)
        {
            var worst = report.Columns.First(column => column.Drifted);
            Drifted(
                logger,
                report.Model,
                report.Version,
                report.Columns.Count(column => column.Drifted),
                report.Columns.Count,
                worst.Column,
                worst.Psi,
                report.Threshold,
                report.Rows
            );
        }

        return new DriftJudgement(report, settings.Retrain, manifest.DataVersion);
    }

    // A definition that is gone or broken must not blind us: then the defaults hold, and nothing is retrained.
    private async Task<MonitoringDefinition> SettingsAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            return (await definitions.GetAsync(model, cancellationToken))?.Definition.Monitoring ?? new();
        }
        catch (InvalidDataException)
        {
            return new();
        }
    }

    [LoggerMessage(
        82,
        LogLevel.Warning,
        "Model {Model} version {Version} drifts in {Drifted} of {Columns} columns: {Column} has index {Psi:0.###}, the threshold is {Threshold}, over {Rows} rows"
    )]
    private static partial void Drifted(
        ILogger logger,
        string model,
        int version,
        int drifted,
        int columns,
        string column,
        double psi,
        double threshold,
        long rows
    );

    [LoggerMessage(83, LogLevel.Error, "Drift of model {Model} version {Version} was not judged: {Reason}")]
    private static partial void NotJudged(ILogger logger, string model, int version, string reason);
}
