namespace Serverless.Pipeline.Registry;

/// <summary>A model as <c>GET /api/models</c> lists it.</summary>
/// <param name="Name">Name of the model and of its pipeline.</param>
/// <param name="Versions">How many numbers were given out; the latest is the same number unless a run is registering.</param>
/// <param name="Champion">In production; null when nothing is.</param>
/// <param name="Candidate">Waiting for approval; null when none is.</param>
public sealed record ModelSummary(string Name, int Versions, int? Champion, int? Candidate);

/// <summary>A model as <c>GET /api/models/{name}</c> gives it.</summary>
/// <param name="Name">Name of the model and of its pipeline.</param>
/// <param name="Aliases">What answers.</param>
/// <param name="Versions">Newest first.</param>
public sealed record ModelDetails(string Name, ModelAliases Aliases, IReadOnlyList<VersionSummary> Versions);

/// <summary>One version in short; all of it is in its manifest.</summary>
/// <param name="Version">Number.</param>
/// <param name="RunId">The run that trained it.</param>
/// <param name="Passed">What the gate said when it was registered.</param>
/// <param name="Metric">The metric that the gate looked at.</param>
/// <param name="Value">Its value on the held-out rows; null when it could not be computed.</param>
/// <param name="CreatedAt">When it was registered.</param>
public sealed record VersionSummary(int Version, string RunId, bool Passed, string Metric, double? Value, DateTimeOffset CreatedAt);
