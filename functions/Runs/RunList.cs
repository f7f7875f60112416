using System.Globalization;
using Microsoft.DurableTask.Client;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Runs;

/// <summary>Pages of runs, newest first.</summary>
internal static class RunList
{
    public const int DefaultTop = 50;
    public const int MaxTop = 500;

    /// <summary>
    /// Durable gives instances in the order of its store, not of time, so all that match are read and the newest are kept. The continuation
    /// names the last run of a page: runs that start meanwhile do not shift the next one.
    /// </summary>
    public static async Task<RunPage> ReadAsync(
        DurableTaskClient client,
        string? pipeline,
        RunState? state,
        int top,
        string? continuation,
        CancellationToken cancellationToken
    )
    {
        var query = new OrchestrationQuery(
            Statuses: state is { } wanted ? Statuses(wanted) : null,
            InstanceIdPrefix: pipeline is null ? null : $"{pipeline}-",
            PageSize: 200,
            FetchInputsAndOutputs: true
        );
        var after = Position.Parse(continuation);
        var runs = new List<RunView>();
        await foreach (var instance in client.GetAllInstancesAsync(query).WithCancellation(cancellationToken))
        {
            // Other orchestrations than runs may live in the same hub; and 'a-' is a prefix of the runs of 'a-b' too.
            if (instance.Name != nameof(RunOrchestrator))
            {
                continue;
            }

            var view = RunViews.Of(instance);
            if ((pipeline is null || view.Pipeline == pipeline) && (after is null || after.IsBefore(view)))
            {
                runs.Add(view);
            }
        }

        var page = runs.OrderByDescending(run => run.CreatedAt)
            .ThenByDescending(run => run.RunId, StringComparer.Ordinal)
            .Take(top)
            .ToList();
        return new RunPage(page, page.Count < runs.Count ? Position.Of(page[^1]) : null);
    }

    private static OrchestrationRuntimeStatus[] Statuses(RunState state) =>
        [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => RunViews.State(status) == state && Exists(status))];

    // Obsolete on the real platform and refused by some of its stores.
    private static bool Exists(OrchestrationRuntimeStatus status) =>
        status is not ((OrchestrationRuntimeStatus)2 or OrchestrationRuntimeStatus.Canceled);

    private sealed record Position(DateTimeOffset CreatedAt, string RunId)
    {
        public static string Of(RunView run) => $"{run.CreatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture)}.{run.RunId}";

        /// <exception cref="FormatException">Not one of ours.</exception>
        public static Position? Parse(string? continuation)
        {
            if (string.IsNullOrEmpty(continuation))
            {
                return null;
            }

            var dot = continuation.IndexOf('.', StringComparison.Ordinal);
            return
                dot > 0
                && long.TryParse(continuation.AsSpan(0, dot), CultureInfo.InvariantCulture, out var ticks)
                && ticks is >= 0 and < 3155378975999999999
                ? new Position(new DateTimeOffset(ticks, TimeSpan.Zero), continuation[(dot + 1)..])
                : throw new FormatException($"Found continuation '{continuation}'; expected the one that the page before gave.");
        }

        public bool IsBefore(RunView run) =>
            run.CreatedAt < CreatedAt || (run.CreatedAt == CreatedAt && string.CompareOrdinal(run.RunId, RunId) < 0);
    }
}
