using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.DurableTask.Client;

namespace Serverless.Local.Hosting.Durable.Management;

/// <summary>An instance as the API shows it.</summary>
internal static class StatusPayload
{
    public static JsonObject Of(OrchestrationMetadata instance, bool showInput, JsonArray? history = null)
    {
        var payload = new JsonObject
        {
            ["name"] = instance.Name,
            ["instanceId"] = instance.InstanceId,
            ["runtimeStatus"] = instance.RuntimeStatus.ToString(),
            ["input"] = showInput ? ManagementReply.Parse(instance.SerializedInput) : null,
            ["customStatus"] = ManagementReply.Parse(instance.SerializedCustomStatus),
            ["output"] = Output(instance),
            ["createdTime"] = Time(instance.CreatedAt),
            ["lastUpdatedTime"] = Time(instance.LastUpdatedAt),
        };
        if (history is not null)
            payload["historyEvents"] = history;
        return payload;
    }

    /// <summary>Of a failed instance the message of its failure.</summary>
    public static JsonNode? Output(OrchestrationMetadata instance) =>
        instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed
            ? JsonValue.Create(instance.FailureDetails?.ErrorMessage)
            : ManagementReply.Parse(instance.SerializedOutput);

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("s", CultureInfo.InvariantCulture) + "Z";
}
