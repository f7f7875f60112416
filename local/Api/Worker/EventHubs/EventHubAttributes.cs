using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for the events of a hub: one partition's events at a time, each in its order.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
[BindingCapabilities(KnownBindingCapabilities.FunctionLevelRetry)]
public sealed class EventHubTriggerAttribute(string eventHubName) : TriggerBindingAttribute
{
    /// <summary>The hub; <c>%Setting%</c> is replaced from the configuration.</summary>
    public string EventHubName { get; } = eventHubName;

    /// <summary>The consumer group; without it, <c>$Default</c>.</summary>
    public string? ConsumerGroup { get; set; }

    /// <summary>The name of the connection setting.</summary>
    public string? Connection { get; set; }

    /// <summary>Events come as an array, as many as there are up to <c>maxEventBatchSize</c>. Default: true.</summary>
    public bool IsBatched { get; set; } = true;
}

/// <summary>Sends what the function returns, or a property of it, as events; an array is one event an element.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
public sealed class EventHubOutputAttribute(string eventHubName) : OutputBindingAttribute
{
    /// <summary>The hub; <c>%Setting%</c> is replaced from the configuration.</summary>
    public string EventHubName { get; } = eventHubName;

    /// <summary>The name of the connection setting.</summary>
    public string? Connection { get; set; }
}
