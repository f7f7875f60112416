using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace Serverless.Local.Tests.Hosting;

/// <summary>Orchestrations that a caller of the management API watches and steers.</summary>
public sealed class ManagedFunctions
{
    private static readonly ConcurrentDictionary<string, bool> Mended = new(StringComparer.Ordinal);

    /// <summary>From now on the activity of this instance of <see cref="Fail"/> goes well.</summary>
    internal static void Mend(string instance) => Mended[instance] = true;

    [Function(nameof(Greet))]
    public static async Task<string[]> Greet([OrchestrationTrigger] TaskOrchestrationContext context, string name)
    {
        context.SetCustomStatus(new { step = "greeting" });
        var hello = await context.CallActivityAsync<string>(nameof(Hello), name);
        var child = await context.CallSubOrchestratorAsync<string>(nameof(Part), "ü");
        await context.CreateTimer(TimeSpan.Zero, CancellationToken.None);
        return [hello, child];
    }

    [Function(nameof(Part))]
    public static string Part([OrchestrationTrigger] TaskOrchestrationContext context, string text) => text;

    [Function(nameof(Wait))]
    public static async Task<string> Wait([OrchestrationTrigger] TaskOrchestrationContext context) =>
        await context.WaitForExternalEvent<string>("go");

    [Function(nameof(Fail))]
    public static async Task<string> Fail([OrchestrationTrigger] TaskOrchestrationContext context) =>
        await context.CallActivityAsync<string>(nameof(Break), context.InstanceId);

    [Function(nameof(Hello))]
    public static string Hello([ActivityTrigger] string name) => $"Hello {name}!";

    [Function(nameof(Break))]
    public static string Break([ActivityTrigger] string instance) =>
        Mended.ContainsKey(instance) ? "mended" : throw new InvalidDataException("broken");
}
