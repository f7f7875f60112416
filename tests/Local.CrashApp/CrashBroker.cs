using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.EventHubs;

namespace Serverless.Local.CrashApp;

/// <summary>An Event Hubs broker in a process of its own, to be killed. It says its connection string and ends with its standard input.</summary>
internal static class CrashBroker
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (
            args is not [var folder, var portText, ..]
            || !int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        )
        {
            Console.Error.WriteLine("usage: crash-app broker FOLDER PORT");
            return 2;
        }
        await using var broker = await EventHubsBroker.StartAsync(
            new EventHubsOptions
            {
                Folder = folder,
                Port = port,
                Hubs = [new("telemetry") { ConsumerGroups = ["second"] }, new("single") { Partitions = 1 }],
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
        Console.WriteLine(broker.ConnectionString);
        while (await Console.In.ReadLineAsync() is not null) { }
        return 0;
    }
}
