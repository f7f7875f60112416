using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Telemetry;

/// <summary>
/// What lines of a log are about, as attributes of the same names everywhere: <c>run</c>, <c>model</c>, <c>version</c>, <c>job</c>,
/// <c>pipeline</c>. A scope is for all lines below it, those of other classes too. A model bears the name of its pipeline.
/// </summary>
public static class LogScopes
{
    /// <param name="log">Any: scopes are shared by all loggers.</param>
    /// <param name="run">Id of the run, or of the batch job.</param>
    /// <param name="model">Name of the model.</param>
    /// <param name="version">Its version, where there is one already.</param>
    /// <returns>Ends the scope when it is disposed.</returns>
    public static IDisposable? About(this ILogger log, string? run, string? model = null, int? version = null) =>
        log.BeginScope(Given(("run", run), ("model", model), ("version", version)));

    /// <summary>A version, and the run that made it.</summary>
    public static IDisposable? About(this ILogger log, ModelManifest model) => log.About(model.RunId, model.Name, model.Version);

    /// <summary>Rows that are scored by a version.</summary>
    public static IDisposable? About(this ILogger log, BatchRequest batch) => log.About(batch.JobId, batch.Model, batch.Version);

    /// <summary>A job of a worker.</summary>
    public static IDisposable? About(this ILogger log, JobSpec job) =>
        log.BeginScope(
            Given(
                ("job", job.JobId),
                ("run", job.RunId),
                ("pipeline", job.Pipeline),
                ("model", job.Score?.Model ?? job.Pipeline),
                ("version", job.Score?.Version)
            )
        );

    /// <summary>What a worker says of a job.</summary>
    public static IDisposable? About(this ILogger log, JobEvent told) =>
        log.BeginScope(Given(("job", told.JobId), ("run", told.InstanceId)));

    // A dictionary: that is the form which exporters and the host take apart.
    private static Dictionary<string, object?> Given(params ReadOnlySpan<(string Name, object? Value)> attributes)
    {
        var given = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in attributes)
        {
            if (value is not null)
            {
                given[name] = value;
            }
        }

        return given;
    }
}
