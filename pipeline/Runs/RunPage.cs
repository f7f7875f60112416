namespace Serverless.Pipeline.Runs;

/// <summary>What <c>GET /api/runs</c> answers.</summary>
/// <param name="Runs">Newest first.</param>
/// <param name="Continuation">Given back as <c>?continuation=</c> it leads to the next page; null at the end.</param>
public sealed record RunPage(IReadOnlyList<RunView> Runs, string? Continuation);

/// <summary>What an upload to <c>PUT /api/pipelines/{pipeline}/drop/{file}</c> answers.</summary>
/// <param name="RunId">The run of this content; null for a held-out file, which starts none.</param>
/// <param name="Blob">Where the file lies: container and blob.</param>
/// <param name="Hash">SHA-256 of the bytes, hexadecimal.</param>
/// <param name="Bytes">How many came.</param>
/// <param name="Started">False when the run was there before (it lives, or ended well): the same content makes one run.</param>
public sealed record DropReceipt(string? RunId, string Blob, string Hash, long Bytes, bool Started);

/// <summary>The body of <c>POST /api/runs/{runId}/approve</c> and <c>/reject</c>; it may be absent.</summary>
/// <param name="By">Who decides.</param>
/// <param name="Comment">Why.</param>
public sealed record DecisionRequest(string? By = null, string? Comment = null);

/// <summary>The body of <c>PUT /api/models/{model}/champion</c>.</summary>
public sealed record ChampionRequest(int Version);

/// <summary>Every error answer.</summary>
/// <param name="Error">What was found, where, what was expected, what to do.</param>
/// <param name="Errors">All of them, when there is more than one.</param>
public sealed record ApiError(string Error, IReadOnlyList<string>? Errors = null);

/// <summary>What <c>PUT /api/pipelines/{pipeline}</c> answers.</summary>
/// <param name="Pipeline">Its name.</param>
/// <param name="Digest">Of what it asks for: a definition with another digest makes new runs of the same files.</param>
/// <param name="Warnings">What is allowed and probably not meant, with line and column.</param>
public sealed record PipelineReceipt(string Pipeline, string Digest, IReadOnlyList<string> Warnings);
