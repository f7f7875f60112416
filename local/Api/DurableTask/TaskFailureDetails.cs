namespace Microsoft.DurableTask;

/// <summary>What is known of a failure once it has crossed a process: <paramref name="ErrorType"/> is the full type name of the exception.</summary>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties
)
{
    // An exception chain is cut here: it would only repeat itself in every history entry.
    private const int MaxDepth = 10;

    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return Describe(exception, 0)!;
    }

    /// <summary>Whether the failure is <typeparamref name="T"/> or derives from it.</summary>
    public bool IsCausedBy<T>()
        where T : Exception => IsCausedBy(typeof(T));

    /// <summary>Whether the failure is of the type or derives from it; looks the type up by name in the loaded assemblies.</summary>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
            throw new ArgumentException($"The type {targetBaseExceptionType} is not an exception.", nameof(targetBaseExceptionType));
        if (string.IsNullOrEmpty(ErrorType))
            return false;
        if (string.Equals(targetBaseExceptionType.FullName, ErrorType, StringComparison.Ordinal))
            return true;
        var type = Type.GetType(ErrorType, throwOnError: false);
        foreach (var assembly in type is null ? AppDomain.CurrentDomain.GetAssemblies() : [])
        {
            type = assembly.GetType(ErrorType, throwOnError: false);
            if (type is not null)
                break;
        }
        return type is not null && targetBaseExceptionType.IsAssignableFrom(type);
    }

    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    private static TaskFailureDetails? Describe(Exception? exception, int depth) =>
        exception is null || depth == MaxDepth
            ? null
            : new TaskFailureDetails(
                exception.GetType().ToString(),
                exception.Message,
                exception.StackTrace,
                exception is TaskFailedException failed ? failed.FailureDetails : Describe(exception.InnerException, depth + 1),
                null
            );
}
