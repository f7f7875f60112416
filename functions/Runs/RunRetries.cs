using Microsoft.DurableTask;

namespace Serverless.Functions.Runs;

/// <summary>How the activities of a run are tried again. What is wrong with the user's data is never retried: it would fail again.</summary>
internal static class RunRetries
{
    /// <summary>
    /// For activities that read and write small things in storage. A storage partition moves within seconds, a throttled one recovers
    /// within a minute: 2, 4, 8, 16, 30 seconds.
    /// </summary>
    public static readonly TaskOptions Storage = TaskOptions.FromRetryPolicy(
        new RetryPolicy(6, TimeSpan.FromSeconds(2), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromSeconds(30))
        {
            HandleFailure = IsTransient,
        }
    );

    /// <summary>
    /// For activities that work through a whole file. Each attempt costs minutes, so there are three: enough for an instance that was
    /// recycled or ran out of memory beside another activity.
    /// </summary>
    public static readonly TaskOptions WholeFile = TaskOptions.FromRetryPolicy(
        new RetryPolicy(3, TimeSpan.FromSeconds(5), backoffCoefficient: 3) { HandleFailure = IsTransient }
    );

    private static bool IsTransient(TaskFailureDetails failure) =>
        failure.ErrorType != typeof(InvalidDataException).FullName
        && failure.ErrorType != typeof(ArgumentException).FullName
        && failure.ErrorType != typeof(RunFailedException).FullName;
}
