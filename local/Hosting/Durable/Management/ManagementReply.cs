using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>Answers in the shapes of the Durable extension.</summary>
internal static class ManagementReply
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static IResult Json(int status, JsonNode? value) => Results.Json(value, Format, statusCode: status);

    /// <summary>A sentence as a JSON string, as the extension explains a 412.</summary>
    public static IResult Because(int status, string reason) => Json(status, JsonValue.Create(reason));

    /// <summary>The error object of ASP.NET Web API, which the extension still uses.</summary>
    public static IResult Error(int status, string message, Exception? cause = null)
    {
        var error = new JsonObject { ["Message"] = message };
        if (cause is not null)
        {
            error["ExceptionMessage"] = cause.Message;
            error["ExceptionType"] = cause.GetType().FullName;
        }
        return Json(status, error);
    }

    public static IResult Gone() => Results.StatusCode(StatusCodes.Status410Gone);

    public static IResult Accepted() => Results.StatusCode(StatusCodes.Status202Accepted);

    /// <summary>What an orchestration carries is JSON; text that is not (the reason of a termination) is shown as it is.</summary>
    public static JsonNode? Parse(string? serialized)
    {
        if (serialized is null)
            return null;
        try
        {
            return JsonNode.Parse(serialized);
        }
        catch (JsonException)
        {
            return JsonValue.Create(serialized.Trim());
        }
    }
}
