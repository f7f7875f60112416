using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serverless.Pipeline;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Api;

/// <summary>The answers of the API in the one form of docs/architecture.md.</summary>
internal static class Answers
{
    /// <summary>Longest JSON body of the API itself; uploads and inference have limits of their own. Bytes.</summary>
    private const int LongestBody = 64 << 10;

    public static IResult Ok<T>(T value) => Results.Json(value, PipelineJson.Compact);

    public static IResult Accepted<T>(T value) => Results.Json(value, PipelineJson.Compact, statusCode: StatusCodes.Status202Accepted);

    public static IResult BadRequest(string error, IReadOnlyList<string>? errors = null) =>
        Error(StatusCodes.Status400BadRequest, error, errors);

    public static IResult NotFound(string error) => Error(StatusCodes.Status404NotFound, error);

    public static IResult Conflict(string error) => Error(StatusCodes.Status409Conflict, error);

    public static IResult Error(int status, string error, IReadOnlyList<string>? errors = null) =>
        Results.Json(new ApiError(error, errors), PipelineJson.Compact, statusCode: status);

    /// <summary>The JSON body, null where there is none; or what is wrong with it.</summary>
    public static async Task<(T? Value, IResult? Wrong)> ReadBodyAsync<T>(
        HttpRequest request,
        string expected,
        CancellationToken cancellationToken
    )
        where T : class
    {
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > LongestBody)
            {
                return (
                    null,
                    Error(StatusCodes.Status413PayloadTooLarge, $"Found a body of more than {LongestBody:N0} bytes; expected {expected}.")
                );
            }

            body.Write(buffer, 0, read);
        }

        if (body.Length == 0)
        {
            return (null, null);
        }

        try
        {
            return (JsonSerializer.Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), PipelineJson.Compact), null);
        }
        catch (JsonException broken)
        {
            return (null, BadRequest($"The body is not valid: {broken.Message} Expected {expected}."));
        }
    }
}
