using Azure;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Triggers;

/// <summary>Remembers that storage does not answer, so that it is said once and not at every try.</summary>
internal sealed partial class Outage(ILogger logger, string what)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);
    private TimeSpan _pause = First;

    public bool IsOn { get; private set; }

    /// <summary>Whether an exception means that storage is away, slow or full, and not that we stop.</summary>
    public static bool IsOne(Exception e, CancellationToken stop) =>
        !stop.IsCancellationRequested
        && e
            is RequestFailedException
                or AggregateException
                or IOException
                or HttpRequestException
                or OperationCanceledException
                or TimeoutException;

    public void Begin(Exception e)
    {
        if (!IsOn)
            Began(logger, what, e.Message.Split('\n')[0].Trim());
        IsOn = true;
    }

    public void End()
    {
        if (IsOn)
            Ended(logger, what);
        IsOn = false;
        _pause = First;
    }

    public TimeSpan NextPause()
    {
        var pause = _pause;
        _pause = pause * 2 < Longest ? pause * 2 : Longest;
        return pause;
    }

    [LoggerMessage(20, LogLevel.Warning, "Storage does not answer for {What}: {Error} It is tried again until it does")]
    private static partial void Began(ILogger logger, string what, string error);

    [LoggerMessage(21, LogLevel.Information, "Storage answers again for {What}")]
    private static partial void Ended(ILogger logger, string what);
}
