using System.Text.Json.Serialization;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>The addresses by which a caller watches and steers an instance; the key of the API is in them.</summary>
public class HttpManagementPayload
{
    [JsonInclude, JsonPropertyName("id")]
    public string? Id { get; internal set; }

    [JsonInclude, JsonPropertyName("purgeHistoryDeleteUri")]
    public string? PurgeHistoryDeleteUri { get; internal set; }

    /// <summary>With <c>{eventName}</c> to be replaced.</summary>
    [JsonInclude, JsonPropertyName("sendEventPostUri")]
    public string? SendEventPostUri { get; internal set; }

    [JsonInclude, JsonPropertyName("statusQueryGetUri")]
    public string? StatusQueryGetUri { get; internal set; }

    /// <summary>With <c>{text}</c> to be replaced by a reason, as in the ones after it.</summary>
    [JsonInclude, JsonPropertyName("terminatePostUri")]
    public string? TerminatePostUri { get; internal set; }

    [JsonInclude, JsonPropertyName("rewindPostUri")]
    public string? RewindPostUri { get; internal set; }

    [JsonInclude, JsonPropertyName("suspendPostUri")]
    public string? SuspendPostUri { get; internal set; }

    [JsonInclude, JsonPropertyName("resumePostUri")]
    public string? ResumePostUri { get; internal set; }

    [JsonInclude, JsonPropertyName("restartPostUri")]
    public string? RestartPostUri { get; internal set; }
}
