namespace Serverless.Pipeline.Streaming;

/// <summary>Why an event could not be scored; one word for programs.</summary>
public static class DeadLetterReason
{
    public const string NotJson = "not-json";
    public const string NoModel = "no-model";
    public const string UnknownModel = "unknown-model";
    public const string WrongType = "wrong-type";
    public const string MissingColumn = "missing-column";
    public const string DuplicateColumn = "duplicate-column";

    /// <summary>The model is in production and did not load within <see cref="StreamingOptions.ModelWait"/>.</summary>
    public const string ModelUnavailable = "model-unavailable";

    /// <summary>The model failed on this very row.</summary>
    public const string ScoringFailed = "scoring-failed";

    /// <summary>The model had not scored it within <see cref="StreamingOptions.ScoreWait"/>.</summary>
    public const string ScoringTimeout = "scoring-timeout";
}

/// <summary>An event that could not be scored.</summary>
/// <param name="Event">As it came.</param>
/// <param name="Model">The model it names, as far as that could be read.</param>
/// <param name="Reason">A word of <see cref="DeadLetterReason"/>.</param>
/// <param name="Detail">What was found, where, what was expected.</param>
public sealed record DeadLetter(StreamEvent Event, string? Model, string Reason, string Detail);
