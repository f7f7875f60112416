using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>Runs orchestrations over the local log.</summary>
internal sealed class DurableEngine(DurableOptions options, IDurableFunctions functions, TimeProvider time, ILoggerFactory loggers)
    : IAsyncDisposable
{
    public DurableOptions Options => options;

    public TimeProvider Time => time;

    public ILoggerFactory Loggers => loggers;

    public IDurableFunctions Functions => functions;

    public DurableTaskClient Client => throw new InvalidOperationException("The engine has not been started.");

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
