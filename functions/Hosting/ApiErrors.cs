using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Drops;
using Serverless.Pipeline;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Hosting;

/// <summary>Turns what a function throws at a request into an answer in the API's own form; other triggers keep their exceptions.</summary>
internal sealed class ApiErrors(ILogger<ApiErrors> log) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception failure) when (context.GetHttpContext() is { Response.HasStarted: false } http)
        {
            if (http.RequestAborted.IsCancellationRequested)
            {
                return;
            }

            if (context.CancellationToken.IsCancellationRequested)
            {
                // functionTimeout: the host answers.
                throw;
            }

            var (status, message) = Explain(failure is AggregateException { InnerExceptions: [var only] } ? only : failure);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                log.LogError(failure, "{Function} failed", context.FunctionDefinition.Name);
            }

            http.Response.StatusCode = status;
            await http.Response.WriteAsJsonAsync(new ApiError(message), PipelineJson.Compact, http.RequestAborted);
        }
    }

    private static (int Status, string Message) Explain(Exception failure) =>
        failure switch
        {
            BadHttpRequestException bad => (bad.StatusCode, $"The request cannot be read: {bad.Message}"),
            RequestFailedException { ErrorCode: "ContainerNotFound" or "QueueNotFound" or "TableNotFound" } => (
                StatusCodes.Status503ServiceUnavailable,
                "The app has just started and is still preparing its storage; try again in a few seconds."
            ),
            RequestFailedException { Status: StatusCodes.Status400BadRequest } refused => (
                StatusCodes.Status400BadRequest,
                $"Storage refused the request ({refused.ErrorCode}): most likely a name in the address is too long or has characters that no "
                    + "blob may have. Expected names of at most 900 characters without control characters; choose another."
            ),
            RequestFailedException storage => (
                StatusCodes.Status503ServiceUnavailable,
                $"Storage answered {storage.Status} {storage.ErrorCode}; try again. If it stays so, look into the app's log."
            ),
            // What the storage client throws when its last try got no answer either.
            AggregateException { InnerExceptions: [.., RequestFailedException or IOException or OperationCanceledException] } => (
                StatusCodes.Status503ServiceUnavailable,
                "Storage does not answer; try again in a few seconds. If it stays so, look into the app's log."
            ),
            TimeoutException late => (StatusCodes.Status503ServiceUnavailable, late.Message),
            UploadOvertakenException overtaken => (StatusCodes.Status409Conflict, overtaken.Message),
            InvalidDataException broken => (StatusCodes.Status422UnprocessableEntity, broken.Message),
            _ => (
                StatusCodes.Status500InternalServerError,
                $"Something went wrong that should not ({failure.GetType().Name}); the app's log has it."
            ),
        };
}
