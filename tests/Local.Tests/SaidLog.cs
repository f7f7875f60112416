using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Tests;

/// <summary>Keeps what was logged, for tests that ask.</summary>
internal sealed class SaidLog : ILoggerFactory, ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public bool Has(string text) => lines.Any(line => line.Contains(text, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (IsEnabled(logLevel))
            lines.Enqueue(
                exception is null ? $"{logLevel} {formatter(state, exception)}" : $"{logLevel} {formatter(state, exception)} {exception}"
            );
    }

    public void Dispose() { }
}
