using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Serverless.Testing.Telemetry;

/// <summary>A line as it was logged, with the attributes of all scopes around it.</summary>
public sealed record ScopedLine(string Category, LogLevel Level, string Text, IReadOnlyDictionary<string, object?> Scope);

/// <summary>Keeps lines with their scopes, which all of its loggers share as in a real process.</summary>
public sealed class ScopedLog : ILoggerFactory
{
    private readonly LoggerExternalScopeProvider scopes = new();
    private readonly ConcurrentQueue<ScopedLine> lines = new();

    public IReadOnlyCollection<ScopedLine> Lines => lines;

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public ILogger<T> Of<T>() => new Logger<T>(this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Lines are kept here alone.");

    public void Dispose() { }

    private sealed class Logger(ScopedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var attributes = new Dictionary<string, object?>(StringComparer.Ordinal);
            log.scopes.ForEachScope(
                static (scope, all) =>
                {
                    foreach (var (name, value) in scope as IEnumerable<KeyValuePair<string, object?>> ?? [])
                    {
                        all[name] = value;
                    }
                },
                attributes
            );
            log.lines.Enqueue(new ScopedLine(category, logLevel, formatter(state, exception), attributes));
        }
    }
}
