namespace Serverless.Pipeline.Storage;

/// <summary>The blob containers, named once. What lies where: docs/architecture.md.</summary>
public static class Containers
{
    /// <summary><c>{pipeline}/{file}</c>: what users drop; <c>{pipeline}/test/{file}</c> is a held-out file and starts no run.</summary>
    public const string Drop = "drop";

    /// <summary><c>{model}/{file}</c>: rows to be scored.</summary>
    public const string Batch = "batch";

    /// <summary><c>{model}/{job}/</c>: the parts of a batch job's result, and <c>summary.json</c>, written last.</summary>
    public const string Scored = "scored";

    /// <summary><c>{pipeline}/{runId}/</c>: a refused file with <c>report.json</c> and <c>report.html</c>.</summary>
    public const string Quarantine = "quarantine";

    /// <summary><c>{pipeline}/pipeline.yaml</c>: the definition in force; <c>_code/{digest}.zip</c>: the programs that definitions name.</summary>
    public const string Pipelines = "pipelines";

    /// <summary><c>{pipeline}/{version}/</c>: <c>data.parquet</c>, <c>schema.json</c>, <c>profile.json</c>, <c>origin.json</c>, <c>splits/{splitId}/*.parquet</c>.</summary>
    public const string Datasets = "datasets";

    /// <summary><c>{jobId}/</c>: <c>job.json</c>, <c>result.json</c> and a folder for each claim.</summary>
    public const string Jobs = "jobs";

    /// <summary><c>{model}/{version}/</c>: <c>model.onnx</c>, <c>reference.json</c> and <c>manifest.json</c>.</summary>
    public const string Models = "models";

    /// <summary><c>{runId}/</c>: the pinned <c>pipeline.yaml</c>, the reports and the evaluation of one run.</summary>
    public const string Runs = "runs";

    /// <summary><c>{model}/{end of a window}.json</c>: reports on drift; <c>{model}/counts/</c>: what they were summed from.</summary>
    public const string Monitoring = "monitoring";

    /// <summary><c>{hub}/{partition}/</c>: events that could not be scored, a blob a batch and a line an event.</summary>
    public const string DeadLetter = "deadletter";

    /// <summary><c>{machine}/</c>: a worker's sign of life, and the mark that tells it to take no more jobs.</summary>
    public const string Workers = "workers";

    /// <summary><c>state.json</c>: what the app knows of the scale sets. Its lease is the right to change them.</summary>
    public const string Capacity = "capacity";

    public static IReadOnlyList<string> All { get; } =
    [Drop, Batch, Scored, Quarantine, Pipelines, Datasets, Jobs, Models, Runs, DeadLetter, Monitoring, Workers, Capacity];
}

/// <summary>The event hubs and the consumer group of the reader, named once; they exist where streaming is on.</summary>
public static class Hubs
{
    /// <summary>Name of the setting: a connection string, or the section with the identity's namespace.</summary>
    public const string Connection = "EventHubConnection";

    /// <summary>Events to be scored.</summary>
    public const string Telemetry = "telemetry";

    /// <summary>The consumer group that scores them.</summary>
    public const string ScoringGroup = "scoring";

    /// <summary>Results, one an event.</summary>
    public const string Predictions = "predictions";

    /// <summary>Scores above their model's threshold.</summary>
    public const string Alerts = "alerts";
}

/// <summary>The storage queues, named once. Every message is base64.</summary>
public static class Queues
{
    public const string DropEvents = "drop-events";
    public const string JobsCpu = "jobs-cpu";
    public const string JobsGpu = "jobs-gpu";
    public const string JobEvents = "job-events";

    public static IReadOnlyList<string> All { get; } = [DropEvents, JobsCpu, JobsGpu, JobEvents];
}

/// <summary>The tables, named once.</summary>
public static class Tables
{
    /// <summary>Partition: model. Rows: <c>versions</c> (the counter), <c>run-{runId}</c> (who got which number), <c>aliases</c>.</summary>
    public const string Models = "models";

    public static IReadOnlyList<string> All { get; } = [Models];
}
