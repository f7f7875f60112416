using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for each base64 message of a storage queue.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class QueueTriggerAttribute(string queueName) : TriggerBindingAttribute
{
    /// <summary>The queue; <c>%Setting%</c> is replaced from the configuration.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The name of the connection setting; without it, <c>AzureWebJobsStorage</c>.</summary>
    public string? Connection { get; set; }
}

/// <summary>Sends what the function returns, or a property of it, as a base64 message.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class QueueOutputAttribute(string queueName) : OutputBindingAttribute
{
    /// <summary>The queue; created when absent.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The name of the connection setting; without it, <c>AzureWebJobsStorage</c>.</summary>
    public string? Connection { get; set; }
}
