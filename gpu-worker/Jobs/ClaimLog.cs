using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Serverless.GpuWorker.Jobs;

/// <summary>A job's log: to the process's own, and line by line into the claim's <c>log.txt</c>.</summary>
internal sealed class ClaimLog(ILogger process, GrowingBlob blob, TimeProvider time) : ILogger
{
    public string Blob => blob.Name;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => process.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        process.Log(logLevel, eventId, state, exception, formatter);
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var at = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        blob.Add($"{at} {logLevel, -11} {formatter(state, exception)}");
        if (exception is not null)
        {
            blob.Add(exception.ToString());
        }
    }
}
