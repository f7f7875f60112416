using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Cli.Stack;
using Serverless.Local.EventHubs;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless hubs</c>: the local Event Hubs broker alone. The stack runs it as a process of its own.</summary>
internal static class HubsCommand
{
    private static readonly Option<int> Port = new("--port", "-p")
    {
        Description = "AMQP port; 0 takes a free one.",
        DefaultValueFactory = _ => EventHubsConnectionString.DefaultPort,
        HelpName = "PORT",
    };

    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "Where the events lie. Default: .serverless/eventhubs in the current directory.",
        HelpName = "PATH",
    };

    public static Command Create()
    {
        var command = new Command("hubs", "Run the local Event Hubs broker alone (telemetry, predictions, alerts) until Ctrl-C.")
        {
            Port,
            Folder,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var options = new EventHubsOptions
        {
            Folder = arguments.GetValue(Folder) ?? StateFolder.Of(Directory.GetCurrentDirectory()).File("eventhubs"),
            Port = arguments.GetValue(Port),
        };
        try
        {
            await using var broker = await EventHubsBroker.StartAsync(
                options,
                TimeProvider.System,
                NullLoggerFactory.Instance,
                cancellationToken
            );
            Console.Out.WriteLine(HubServer.Ready + broker.ConnectionString);
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }
        catch (System.Net.Sockets.SocketException taken)
        {
            throw new StackException(
                $"The hubs could not listen on port {options.Port} ({taken.Message}). Stop the program that does, or choose another with --port.",
                taken
            );
        }
    }
}
