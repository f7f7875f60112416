using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Makes the function a durable orchestrator.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class OrchestrationTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>The name to call it by; without it, the function's name.</summary>
    public string? Orchestration { get; set; }
}

/// <summary>Makes the function a durable activity; the parameter is its input.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class ActivityTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>The name to call it by; without it, the function's name.</summary>
    public string? Activity { get; set; }
}

/// <summary>Binds a <see cref="Microsoft.DurableTask.Client.DurableTaskClient"/>.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class DurableClientAttribute : InputBindingAttribute
{
    /// <summary>Another task hub is not supported here; leave it out.</summary>
    public string? TaskHub { get; set; }

    /// <summary>Another connection is not supported here; leave it out.</summary>
    public string? ConnectionName { get; set; }
}
