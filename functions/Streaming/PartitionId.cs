using System.Text.Json;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Functions.Streaming;

/// <summary>Which partition a batch comes from: events do not say it, the binding data does, as JSON.</summary>
internal static class PartitionId
{
    private const string Context = "PartitionContext";

    /// <exception cref="InvalidOperationException">The host told none.</exception>
    public static string Of(BindingContext binding)
    {
        if (binding.BindingData.TryGetValue(Context, out var told) && told?.ToString() is { Length: > 0 } json)
        {
            using var document = JsonDocument.Parse(json);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name.Equals("PartitionId", StringComparison.OrdinalIgnoreCase) && property.Value.GetString() is { } id)
                {
                    return id;
                }
            }
        }

        throw new InvalidOperationException(
            $"The host gave no '{Context}' with a PartitionId in the binding data; it gave {string.Join(", ", binding.BindingData.Keys)}."
        );
    }
}
