using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Identity;
using Serverless.Pipeline;
using Serverless.Pipeline.Capacity;

namespace Serverless.Functions.Capacity;

/// <summary>What Azure Resource Manager means by its errors. The codes are those of the documents on allocation failures and quotas.</summary>
internal static class ArmAnswers
{
    private static readonly string[] NoCapacity =
    [
        "AllocationFailed",
        "ZonalAllocationFailed",
        "OverconstrainedAllocationRequest",
        "OverconstrainedZonalAllocationRequest",
        "SkuNotAvailable",
        "SpotVMNotAvailable",
    ];

    private static readonly string[] Conflicts = ["Conflict", "OperationPreempted", "AnotherOperationInProgress", "PreconditionFailed"];

    /// <summary>How the call went wrong, or null for what is no answer of Azure's (a cancellation, a mistake of ours).</summary>
    public static Refusal? RefusalOf(Exception error) =>
        error switch
        {
            RequestFailedException failed => Of(failed),
            AuthenticationFailedException who => new Refusal(RefusalKind.Denied, "NoToken", who.Message),
            AggregateException all when all.Flatten().InnerExceptions.OfType<RequestFailedException>().FirstOrDefault() is { } failed => Of(
                failed
            ),
            _ => null,
        };

    /// <summary>The answer of an address in <c>Azure-AsyncOperation</c> or <c>Location</c> with status 200, 201 or 204.</summary>
    public static OperationView Operation(Response response)
    {
        if (response.Content.ToMemory().IsEmpty)
        {
            return new OperationView(true, null);
        }

        using var document = Parse(response.Content);
        // Behind Location lies the resource itself once it is done.
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("status", out var status))
        {
            return new OperationView(true, null);
        }

        return status.GetString() switch
        {
            "Succeeded" => new OperationView(true, null),
            "Failed" or "Canceled" => new OperationView(true, Of(root, response.Status, null)),
            _ => new OperationView(false, null),
        };
    }

    private static Refusal Of(RequestFailedException failed)
    {
        var response = failed.GetRawResponse();
        using var document = response is null ? null : Parse(response.Content);
        if (document?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("error", out _))
        {
            return Of(root, failed.Status, RetryAfter(response!));
        }

        // No answer at all, or none of Azure's own (a gateway's): soon again.
        var after = response is null ? null : RetryAfter(response);
        return failed.Status is 0 or >= 500
            ? new Refusal(RefusalKind.Failed, $"HTTP {failed.Status}", failed.Message.FirstLine(), after ?? TimeSpan.FromMinutes(1))
            : new Refusal(
                KindOf(failed.Status, [failed.ErrorCode ?? ""], failed.Message),
                failed.ErrorCode ?? $"HTTP {failed.Status}",
                failed.Message.FirstLine(),
                after
            );
    }

    private static Refusal Of(JsonElement root, int status, TimeSpan? after)
    {
        var codes = new List<string>();
        var messages = new List<string>();
        if (root.TryGetProperty("error", out var error))
        {
            Collect(error, codes, messages);
        }

        var kind = KindOf(status, codes, string.Join(' ', messages));
        // The innermost code is the reason; those around it say that there is one.
        var code =
            codes.FindLast(each => KindOf(0, [each], string.Join(' ', messages)) == kind) ?? codes.FirstOrDefault() ?? $"HTTP {status}";
        var soon = status >= 500 ? TimeSpan.FromMinutes(1) : (TimeSpan?)null;
        return new Refusal(kind, code, (messages.LastOrDefault() ?? "no reason given").FirstLine(), after ?? soon);
    }

    private static RefusalKind KindOf(int status, IReadOnlyCollection<string> codes, string message) =>
        codes.Intersect(NoCapacity, StringComparer.OrdinalIgnoreCase).Any() ? RefusalKind.NoCapacity
        : Has(codes, "QuotaExceeded")
        || (Has(codes, "OperationNotAllowed") && message.Contains("quota", StringComparison.OrdinalIgnoreCase))
            ? RefusalKind.Quota
        : status == 429 || Has(codes, "TooManyRequests") ? RefusalKind.Throttled
        : status is 409 or 412 || codes.Intersect(Conflicts, StringComparer.OrdinalIgnoreCase).Any() ? RefusalKind.Conflict
        : status is 401 or 403 or 404 ? RefusalKind.Denied
        : RefusalKind.Failed;

    private static bool Has(IReadOnlyCollection<string> codes, string code) => codes.Contains(code, StringComparer.OrdinalIgnoreCase);

    private static void Collect(JsonElement error, List<string> codes, List<string> messages)
    {
        if (error.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (error.TryGetProperty("code", out var code) && code.GetString() is { Length: > 0 } name)
        {
            codes.Add(name);
        }

        if (error.TryGetProperty("message", out var message) && message.GetString() is { Length: > 0 } text)
        {
            messages.Add(text);
        }

        if (error.TryGetProperty("innererror", out var inner))
        {
            Collect(inner, codes, messages);
        }

        if (error.TryGetProperty("details", out var details) && details.ValueKind == JsonValueKind.Array)
        {
            foreach (var detail in details.EnumerateArray())
            {
                Collect(detail, codes, messages);
            }
        }
    }

    private static TimeSpan? RetryAfter(Response response) =>
        response.Headers.TryGetValue("Retry-After", out var text) && int.TryParse(text, out var seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static JsonDocument? Parse(BinaryData content)
    {
        try
        {
            return JsonDocument.Parse(content);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
