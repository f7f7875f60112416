using System.CommandLine;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Serverless.Cli.Stack;
using Serverless.Local.Triggers.Drops;
using Serverless.Pipeline.Storage;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary>
/// <c>serverless watch-drops</c>: the stand-in for Event Grid alone, for an app that runs under the real Functions host over Azurite.
/// </summary>
internal static class WatchDropsCommand
{
    private const string Emulator = "UseDevelopmentStorage=true";

    private static readonly Option<string> Storage = new("--storage")
    {
        Description =
            $"Connection string of the storage account. Default: setting {StorageClients.Setting} of the environment, else {Emulator}.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(StorageClients.Setting) is { Length: > 0 } set ? set : Emulator,
        HelpName = "CONNECTION",
    };

    private static readonly Option<string> Queue = new("--queue")
    {
        Description = "Queue that gets a message for each new or changed blob.",
        DefaultValueFactory = _ => Queues.DropEvents,
        HelpName = "NAME",
    };

    private static readonly Option<string[]> Watched = new("--container")
    {
        Description = "Container that is watched; give the option several times for more.",
        DefaultValueFactory = _ => [Containers.Drop, Containers.Batch],
        HelpName = "NAME",
    };

    private static readonly Option<string?> Folder = new("--folder")
    {
        Description = "Where it keeps what it has seen. Default: .serverless in the current directory.",
        HelpName = "PATH",
    };

    public static Command Create()
    {
        var command = new Command(
            "watch-drops",
            "Write a BlobCreated message for each dropped file, where no Event Grid does (until Ctrl-C)."
        )
        {
            Storage,
            Queue,
            Watched,
            Folder,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var folder = arguments.GetValue(Folder) ?? StateFolder.Of(Directory.GetCurrentDirectory()).Path;
        var options = new DropOptions
        {
            ConnectionString = Checked(arguments.GetRequiredValue(Storage)),
            Containers = arguments.GetRequiredValue(Watched),
            Queue = arguments.GetRequiredValue(Queue),
            StateFolder = Path.Combine(folder, "drops"),
        };
        using var loggers = LoggerFactory.Create(logging => logging.AddSimpleConsole(console => console.SingleLine = true));
        using var watcher = new DropWatcher(options, TimeProvider.System, loggers.CreateLogger("drops"));
        Terminal.Out.WriteLine($"Watching {string.Join(", ", options.Containers)} for queue {options.Queue}. Ctrl-C stops.");
        await watcher.RunAsync(cancellationToken, cancellationToken);
        return 0;
    }

    private static string Checked(string connection)
    {
        try
        {
            _ = new BlobServiceClient(connection);
            return connection;
        }
        catch (FormatException wrong)
        {
            throw new StackException(
                $"The connection string of storage cannot be read: {wrong.Message} Expected {Emulator} or one as the portal shows it (--storage).",
                wrong
            );
        }
    }
}
