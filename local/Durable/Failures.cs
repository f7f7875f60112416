using Microsoft.DurableTask;

namespace Serverless.Local.Durable;

/// <summary>Failure details that fit into a history: an exception of 64 KB hangs the real platform, so texts are cut.</summary>
internal static class Failures
{
    public const string NonDeterministic = "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException";

    public const string Damaged = "HistoryDamaged";

    private const int MaxText = 16 * 1024;

    public static TaskFailureDetails Of(Exception exception) => Cut(TaskFailureDetails.FromException(exception));

    public static TaskFailureDetails Of(Type type, string message) => Of(type.FullName!, message);

    public static TaskFailureDetails Of(string type, string message) => Cut(new TaskFailureDetails(type, message, null, null, null));

    private static TaskFailureDetails Cut(TaskFailureDetails failure) =>
        failure with
        {
            ErrorMessage = Cut(failure.ErrorMessage),
            StackTrace = failure.StackTrace is null ? null : Cut(failure.StackTrace),
            InnerFailure = failure.InnerFailure is null ? null : Cut(failure.InnerFailure),
        };

    private static string Cut(string text) =>
        text.Length <= MaxText ? text : $"{text.AsSpan(0, MaxText)}... ({text.Length - MaxText:N0} more characters)";
}
