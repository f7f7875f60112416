using System.Globalization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Serverless.Local.Hosting;

namespace Serverless.Local.CrashApp;

/// <summary>
/// An app with everything that begins work by itself (a queue, a timer, an orchestration), in a process of its own that shares its folder with
/// another one. Its settings are in the environment; what it does is noted in file <c>notes</c> of its folder, with the process that did it.
/// It ends in good order with its standard input.
/// </summary>
internal static class CrashHub
{
    public static async Task<int> RunAsync(string folder)
    {
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Functions = typeof(CrashHub).Assembly,
                Classes = [typeof(HubFunctions)],
                ContentRoot = folder,
                Arguments = ["--port", "0"],
                Time = TimeProvider.System,
            }
        );
        builder.ConfigureFunctionsWebApplication();
        HubFunctions.Notes = Path.Combine(folder, "notes");
        using var host = builder.Build();
        await host.StartAsync();
        while (await Console.In.ReadLineAsync() is not null) { }
        await host.StopAsync();
        return 0;
    }
}

/// <summary>Public because the worker's generator needs it.</summary>
public sealed class HubFunctions
{
    private static readonly Lock Gate = new();

    internal static string Notes { get; set; } = "";

    [Function("Begin")]
    public async Task Begin([QueueTrigger("begin")] string id, [DurableClient] DurableTaskClient client)
    {
        Note("message " + id);
        await client.ScheduleNewOrchestrationInstanceAsync(nameof(Steps), null, new StartOrchestrationOptions(id));
    }

    [Function("Often")]
    public void Often([TimerTrigger("*/1 * * * * *")] TimerInfo timer) => Note("timer");

    [Function(nameof(Steps))]
    public static async Task Steps([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.CallActivityAsync(nameof(Step), context.InstanceId + " first");
        await context.WaitForExternalEvent<bool>("go");
        await context.CallActivityAsync(nameof(Step), context.InstanceId + " second");
    }

    [Function(nameof(Step))]
    public void Step([ActivityTrigger] string name) => Note("activity " + name);

    [Function("Go")]
    public async Task Go([QueueTrigger("goes")] string id, [DurableClient] DurableTaskClient client) =>
        await client.RaiseEventAsync(id, "go", true);

    private static void Note(string what)
    {
        // Written at once: what a killed process has written is there.
        lock (Gate)
            File.AppendAllText(Notes, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {what}\n"));
    }
}
