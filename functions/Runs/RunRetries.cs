using Microsoft.DurableTask;

namespace Serverless.Functions.Runs;

/// <summary>How the activities of a run are tried again. What is wrong with the user's data is never retried: it would fail again.</summary>
internal static class RunRetries
{
    /// <summary>
    /// For activities that read and write small things in storage. A storage partition moves within seconds, a throttled one recovers
    /// within a minute, an emulator is started again within two: 2, 4, 8, 16, then six times 30 seconds.
    /// </summary>
    public static readonly TaskOptions Storage = TaskOptions.FromRetryPolicy(
        new RetryPolicy(11, TimeSpan.FromSeconds(2), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromSeconds(30))
        {
            HandleFailure = IsTransient,
        }
    );

    /// <summary>
    /// For activities that work through a whole file. Each attempt can cost minutes, so there are six: enough for an instance that ran out of
    /// memory beside another activity, and for storage that is away for three minutes: 5, 15, 45, 60, 60 seconds.
    /// </summary>
    public static readonly TaskOptions WholeFile = TaskOptions.FromRetryPolicy(
        new RetryPolicy(6, TimeSpan.FromSeconds(5), backoffCoefficient: 3, maxRetryInterval: TimeSpan.FromMinutes(1))
        {
            HandleFailure = IsTransient,
        }
    );

    private static bool IsTransient(TaskFailureDetails failure) =>
        failure.ErrorType != typeof(InvalidDataException).FullName
        && failure.ErrorType != typeof(ArgumentException).FullName
        && failure.ErrorType != typeof(RunFailedException).FullName;
}
