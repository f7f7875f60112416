using Azure.Core.Serialization;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Settings of the worker; <c>services.Configure&lt;WorkerOptions&gt;(...)</c>.</summary>
public class WorkerOptions
{
    /// <summary>Reads and writes JSON in bindings (queue messages, bodies). Default: System.Text.Json, property names in any case.</summary>
    public ObjectSerializer? Serializer { get; set; }

    /// <summary>Named abilities that the host would be told of; kept, without effect here.</summary>
    public IDictionary<string, string> Capabilities { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public bool EnableUserCodeException { get; set; } = true;

    public bool IncludeEmptyEntriesInMessagePayload { get; set; }
}
