using Serverless.Pipeline.Runs;

namespace Serverless.Pipeline.Batch;

/// <summary>A batch job as <c>GET /api/batch/{job}</c> gives it.</summary>
public sealed record BatchView
{
    public required string JobId { get; init; }

    public required string Model { get; init; }

    public required int Version { get; init; }

    /// <summary>Container and blob.</summary>
    public required string Source { get; init; }

    /// <summary>Container and folder; whole when <c>summary.json</c> is in it.</summary>
    public required string Result { get; init; }

    public required RunState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Rows of the source; null before it was looked into. Of CSV an estimate until all are scored.</summary>
    public long? Rows { get; init; }

    /// <summary>Rows that are done.</summary>
    public long Done { get; init; }

    /// <summary>Of these, rows without a prediction.</summary>
    public long Failed { get; init; }

    /// <summary>What it is at, for people: <c>waits for a worker</c>.</summary>
    public string? Note { get; init; }

    /// <summary>The worker's job, when the source is too large for the app.</summary>
    public string? WorkerJob { get; init; }

    /// <summary>When it succeeded.</summary>
    public BatchSummary? Summary { get; init; }

    public string? Failure { get; init; }
}

/// <summary>What <c>GET /api/batch</c> answers: newest first, without summaries.</summary>
public sealed record BatchPage(IReadOnlyList<BatchView> Jobs);

/// <summary>The body of <c>POST /api/models/{model}/batch</c>.</summary>
/// <param name="DataVersion">Version of a data set, as a run shows it.</param>
/// <param name="Pipeline">Whose data set; the model's own pipeline unless told.</param>
/// <param name="Version">Version of the model; the champion unless told.</param>
/// <param name="Alias"><c>champion</c> or <c>candidate</c>, in the place of a version.</param>
public sealed record BatchOrder(string? DataVersion = null, string? Pipeline = null, int? Version = null, string? Alias = null);

/// <summary>What starts a job answers.</summary>
/// <param name="JobId">The job of these rows and this version.</param>
/// <param name="Version">Of the model.</param>
/// <param name="Source">Container and blob.</param>
/// <param name="Started">False when the job was there before: the same rows for the same version make one job.</param>
public sealed record BatchReceipt(string JobId, int Version, string Source, bool Started);
