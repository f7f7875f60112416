using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Cli.Stack.Spot;
using Serverless.Local.EventHubs;
using Serverless.Pipeline.Definitions;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless up</c>: the stack, until Ctrl-C.</summary>
internal static class UpCommand
{
    public static Option<int> Port { get; } =
        new("--port", "-p")
        {
            Description = "HTTP port of the app; 0 takes a free one.",
            DefaultValueFactory = _ => StackOptions.DefaultPort,
            HelpName = "PORT",
        };

    public static Option<int> StoragePort { get; } =
        new("--storage-port")
        {
            Description = "Azurite's port for blobs; queues and tables take the next two. 0 takes free ones.",
            DefaultValueFactory = _ => StackOptions.DefaultStoragePort,
            HelpName = "PORT",
        };

    public static Option<int> Workers { get; } =
        new("--workers")
        {
            Description = "Greatest number of training workers at once.",
            DefaultValueFactory = _ => 1,
            HelpName = "N",
        };

    private static readonly Option<int> HubsPort = new("--hubs-port")
    {
        Description = "AMQP port of the event hubs; 0 takes a free one.",
        DefaultValueFactory = _ => EventHubsConnectionString.DefaultPort,
        HelpName = "PORT",
    };
    public static Option<string?> EvictEvery { get; } =
        new("--evict-every")
        {
            Description = "Take workers away at random moments, as Spot does: the mean time between two, such as 20s.",
            HelpName = "TIME",
            Validators = { EvictCommand.Duration },
        };

    public static Option<int> EvictSeed { get; } =
        new("--evict-seed")
        {
            Description = "Seed of the evictions: the same moments again.",
            DefaultValueFactory = _ => 1,
            HelpName = "S",
        };

    /// <summary>What the two options ask for.</summary>
    public static RandomEvictionOptions? Evictions(ParseResult arguments) =>
        arguments.GetValue(EvictEvery) is { } every
            ? new RandomEvictionOptions(Durations.Parse(every), arguments.GetValue(EvictSeed))
            : null;

    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "Where all state lies. Default: .serverless in the current directory.",
        HelpName = "PATH",
    };

    public static Command Create()
    {
        var command = new Command(
            "up",
            "Run the stack on this machine (storage emulator, event hubs, app, workers when jobs wait) until Ctrl-C."
        )
        {
            Port,
            StoragePort,
            HubsPort,
            Workers,
            Folder,
            EvictEvery,
            EvictSeed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = Terminal.Out;
        var options = new StackOptions
        {
            Folder = arguments.GetValue(Folder) ?? StateFolder.Of(Directory.GetCurrentDirectory()).Path,
            Port = arguments.GetValue(Port),
            StoragePort = arguments.GetValue(StoragePort),
            Streaming = true,
            HubsPort = arguments.GetValue(HubsPort),
            Workers = arguments.GetValue(Workers),
            RandomEvictions = Evictions(arguments),
            Report = console.WriteLine,
        };
        await using var stack = await LocalStack.StartAsync(options, cancellationToken);
        console.Write(
            new Grid()
                .AddColumn(new GridColumn().NoWrap())
                .AddColumn()
                .AddRow(new Text("app"), new Text(stack.Url))
                .AddRow(new Text("key"), new Text($"{stack.Key}   (header x-functions-key)"))
                .AddRow(
                    new Text("storage"),
                    new Text(
                        $"http://127.0.0.1:{stack.Azurite.BlobPort}/{AzuriteOptions.DevelopmentAccount}   (drop files into drop/{{pipeline}}/)"
                    )
                )
                .AddRow(new Text("event hubs"), new Text($"{stack.Hubs!.ConnectionString}   (or 'serverless send')"))
                .AddRow(new Text("state, logs"), new Text(stack.Folder))
        );
        console.WriteLine("Ctrl-C stops all of it.");
        try
        {
            await stack.Failed.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            console.WriteLine("Stopping.");
        }

        return 0;
    }
}
