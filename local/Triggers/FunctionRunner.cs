using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers;

/// <summary>Runs one function for a trigger that is not HTTP: time limit, scope, output bindings, log.</summary>
internal sealed class FunctionRunner(
    Function function,
    OutputBindings outputs,
    TimeSpan? timeout,
    IServiceProvider services,
    TimeProvider time,
    ILogger logger
)
{
    public string Name => function.Name;

    /// <returns>Whether the function ended well.</returns>
    /// <exception cref="OperationCanceledException">The app stops and the function gave up.</exception>
    public async Task<bool> RunAsync(object trigger, TriggerFacts facts, CancellationToken abort)
    {
        using var limit = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abort);
        var invocation = new Invocation(function, services, trigger, facts, both.Token);
        try
        {
            await function.RunAsync(invocation);
            await outputs.SendAsync(invocation.Result, both.Token);
            return true;
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            Log.Failed(
                logger,
                function.Name,
                invocation.InvocationId,
                new TimeoutException(
                    $"Timeout value of {timeout:c} exceeded by function 'Functions.{function.Name}'. Raise functionTimeout in host.json, or make the work shorter.",
                    e
                )
            );
            return false;
        }
        catch (Exception e)
        {
            Log.Failed(logger, function.Name, invocation.InvocationId, e);
            return false;
        }
        finally
        {
            await invocation.DisposeAsync();
        }
    }
}
