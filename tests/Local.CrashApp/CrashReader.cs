using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;

namespace Serverless.Local.CrashApp;

/// <summary>
/// An app in a process of its own that reads hub <c>in</c>, to be killed. Its settings are in the environment; what it reads is noted in file
/// <c>seen</c> of its folder, a line an event. It ends in good order with its standard input.
/// </summary>
internal static class CrashReader
{
    public static async Task<int> RunAsync(string folder)
    {
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Functions = typeof(CrashReader).Assembly,
                Classes = [typeof(NotedEvents)],
                ContentRoot = folder,
                Arguments = ["--port", "0"],
                Time = TimeProvider.System,
            }
        );
        // Nobody reads what it prints.
        builder.Logging.ClearProviders();
        builder.ConfigureFunctionsWebApplication();
        NotedEvents.File = Path.Combine(folder, "seen");
        using var host = builder.Build();
        await host.StartAsync();
        while (await Console.In.ReadLineAsync() is not null) { }
        await host.StopAsync();
        return 0;
    }
}

/// <summary>Public because the worker's generator needs it.</summary>
public sealed class NotedEvents
{
    private static readonly Lock Gate = new();

    internal static string File { get; set; } = "";

    [Function("NotedEvents")]
    public void Run([EventHubTrigger("in", Connection = "Hubs", ConsumerGroup = "%Group%")] string[] events)
    {
        // Written at once: what a killed process has written is there.
        lock (Gate)
            System.IO.File.AppendAllLines(File, events);
    }
}
