namespace Serverless.Local.Durable;

/// <summary>The longer texts a user of the engine may read: what happened, why, what to do.</summary>
internal static class Messages
{
    public static string ForeignAwait(string name) =>
        $"An invalid asynchronous invocation was detected in orchestrator '{name}'. This can be caused by awaiting non-durable tasks in an orchestrator "
        + "function's implementation or by middleware that invokes asynchronous code. Await only tasks of the TaskOrchestrationContext (an activity instead "
        + "of I/O, CreateTimer instead of Task.Delay, no Task.Run, no ConfigureAwait(false)).";

    public static string ForeignThread(string name) =>
        $"The context of orchestrator '{name}' was used outside its turn or from another thread. Use it only in the orchestrator's own code, "
        + "without Task.Run and without ConfigureAwait(false).";

    public static string NoOrchestrator(string name) =>
        $"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function. Check the name, or bring the function back for the instances that still need it.";

    public static string NoActivity(string name) =>
        $"The function '{name}' doesn't exist, is disabled, or is not an activity function. Check the name, or bring the function back for the instances that still need it.";

    public static string NonDeterministic(string name, int turn, int step, string after, string? had, string? now) =>
        $"Non-Deterministic workflow detected: orchestrator '{name}', turn {turn}, step {step} after {after}: the history has "
        + $"{had ?? "nothing more"}, the code did {now ?? "nothing more"}. The code must do the same at every replay: take time and ids from the context, "
        + "read files, settings and services in activities, and give changed code a new version while old instances run.";

    public static string TooLarge(string what, long bytes, long limit) =>
        $"{char.ToUpperInvariant(what[0])}{what[1..]} has {bytes:N0} bytes; at most {limit:N0} go through an orchestration. Put the data into a blob and pass its name.";

    public static string Exists(string id, string status) =>
        $"An Orchestration instance with the status {status} already exists. Its id is '{id}': wait until it ends, terminate it, or take another id.";

    public static string NotFound(string id) => $"No instance with ID '{id}' was found.";

    public static string Ended(string verb, string id, string status) =>
        $"Cannot {verb} the orchestration instance '{id}' because it is in the {status} state.";

    public static string VersionMismatch(string name, string version, string own, VersionMatchStrategy strategy) =>
        $"Orchestration '{name}' has version '{version}', this app takes up version '{own}'{(strategy == VersionMatchStrategy.CurrentOrOlder ? " and older" : " only")} "
        + "(durableTask.versionMatchStrategy in host.json). Run it with an app of its version, or change defaultVersion.";

    public static string Damaged(string id, string reason) =>
        $"The history of instance '{id}' is damaged and cannot be replayed: {reason}. The instance has been ended; start it again with its input.";

    public static string Unreadable(string id, string reason) =>
        $"The history of instance '{id}' is damaged: {reason}. Its status is as it was, what the record held of input, output and custom status is lost; purge the instance, or start it again with its input.";
}
