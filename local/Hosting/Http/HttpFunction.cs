using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace Serverless.Local.Hosting.Http;

/// <summary>Answers the requests to one function.</summary>
internal sealed class HttpFunction(
    Function function,
    AuthorizationLevel level,
    KeyGate gate,
    ResultWriter writer,
    OutputBindings outputs,
    FirstAnswer first,
    TimeLimit? limit,
    CallWatch? watch,
    ILogger logger
)
{
    private readonly string[]? _keys = gate.KeysOf(function.Name);

    public Task HandleAsync(HttpContext http) =>
        level == AuthorizationLevel.Anonymous || gate.Allows(http.Request, level, _keys)
            ? RunAsync(http)
            : KeyGate.RefuseAsync(http, level);

    private async Task RunAsync(HttpContext http)
    {
        var invocation = new Invocation(function, http, limit);
        var slot = watch?.Begin(invocation);
        var run = ServeAsync(http, invocation);
        if (slot is not null && !slot.End(run))
            return;
        if (limit is not null && !run.IsCompleted && !await limit.EndsAsync(run))
        {
            limit.LeaveBehind(invocation, run);
            StandIn.AnswerFor(http);
            return;
        }
        try
        {
            if (await run)
                first.Over();
            else
                await FailAsync(http, invocation, limit!.Exceeded(function.Name, null));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; nobody reads an answer.
        }
        catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException || IsCut(e, http))
        {
            // The same while it still sent its body, or was being answered: no failure of the function.
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(http, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException e) when (invocation.IsOverdue)
        {
            await FailAsync(http, invocation, limit!.Exceeded(function.Name, e));
        }
        catch (Exception e)
        {
            await FailAsync(http, invocation, e);
        }
        finally
        {
            await invocation.DisposeAsync();
        }
    }

    /// <summary>Runs the function and writes its answer. False: it had no time left for that.</summary>
    private async Task<bool> ServeAsync(HttpContext http, Invocation invocation)
    {
        await function.RunAsync(invocation);
        // The platform has answered its caller by now; one that was left behind has no request any more.
        if (invocation.IsOverdue)
            return false;
        if (!outputs.IsEmpty)
            await outputs.SendAsync(invocation.Result, invocation.CancellationToken);
        var result = outputs.ResponseOf(invocation.Result);
        if (result is not null)
            await writer.WriteAsync(http, result);
        return true;
    }

    private static bool IsCut(Exception e, HttpContext http) => e is IOException && http.RequestAborted.IsCancellationRequested;

    private Task FailAsync(HttpContext http, Invocation invocation, Exception why)
    {
        Log.Failed(logger, function.Name, invocation.InvocationId, why);
        return AnswerAsync(http, StatusCodes.Status500InternalServerError, null);
    }

    private static async Task AnswerAsync(HttpContext http, int status, string? message)
    {
        if (http.Response.HasStarted)
        {
            // Half an answer must not look like a whole one.
            http.Abort();
            return;
        }
        http.Response.Clear();
        http.Response.StatusCode = status;
        if (message is null)
            return;
        try
        {
            await http.Response.WriteAsync(message, http.RequestAborted);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // To a caller who has left: his request was bad because it ended in the middle.
        }
    }
}
