using System.Text;
using Microsoft.Extensions.Logging;

namespace Serverless.GpuWorker.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class Lines : ILogger
{
    private readonly StringBuilder lines = new();

    public string Text
    {
        get
        {
            lock (lines)
            {
                return lines.ToString();
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        lock (lines)
        {
            lines.AppendLine(formatter(state, exception));
        }
    }
}
