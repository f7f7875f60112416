using Microsoft.DurableTask;

namespace Serverless.Local.Hosting.Durable;

/// <summary>What an activity is run with.</summary>
internal sealed record ActivityInput(string InstanceId, string? Serialized, DataConverter Converter);
