using Serverless.Cli.Stack.Spot;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Stack;

/// <summary>
/// Everything on this machine: Azurite, the hubs if asked, the Functions app, and workers while jobs wait. All of them end with this process.
/// </summary>
internal sealed class LocalStack : IAsyncDisposable
{
    private readonly IDisposable ownership;
    private readonly StackOptions options;
    private readonly StateFolder state;
    private readonly MetadataServer metadata = new(TimeProvider.System);
    private readonly EvictionDoor door;
    private readonly CancellationTokenSource stopping = new();
    private Task evicting = Task.CompletedTask;

    private LocalStack(StackOptions options, StateFolder state, IDisposable ownership, AzuriteServer azurite, string connection)
    {
        (this.options, this.state, this.ownership) = (options, state, ownership);
        Azurite = azurite;
        Hubs = options.Streaming ? new HubServer(state.File("eventhubs"), options.HubsPort, state.Log("hubs")) : null;
        App = new AppHost(options, state, connection, Hubs);
        Workers = new WorkerPool(options, state, connection, metadata);
        door = new EvictionDoor(Workers, state);
        metadata.Otherwise = door.AnswerAsync;
        Storage = azurite.Clients();
    }

    public AzuriteServer Azurite { get; }

    /// <summary>Null without streaming.</summary>
    public HubServer? Hubs { get; }

    public AppHost App { get; }

    public WorkerPool Workers { get; }

    public StorageClients Storage { get; }

    public string Url => App.Url;

    public string Folder => state.Path;

    /// <summary>Opens the functions.</summary>
    public string Key => options.Key ?? state.Key() ?? throw new StackException($"The app left no key in {state.File("keys.json")}.");

    /// <summary>Ends with an error when a part cannot be kept alive.</summary>
    public Task Failed => FailedAsync();

    /// <summary>Starts all and waits until the app answers.</summary>
    /// <exception cref="StackException">Another stack runs in the folder, a port is taken, or a part did not come up.</exception>
    public static async Task<LocalStack> StartAsync(StackOptions options, CancellationToken cancellationToken)
    {
        var folder = new StateFolder(options.Folder);
        var owned = folder.TryOwn() ?? throw AlreadyRuns(folder);
        LocalStack? stack = null;
        try
        {
            var azurite = await StartAzuriteAsync(options, folder, cancellationToken);
            var connection = options.Between is { } between ? await between(azurite, cancellationToken) : azurite.ConnectionString;
            stack = new LocalStack(options, folder, owned, azurite, connection);
            // Before the app: what it watches is there from the start.
            await stack.Storage.CreateMissingAsync(cancellationToken);
            if (stack.Hubs is { } hubs)
            {
                await hubs.StartAsync(cancellationToken);
                folder.AnnounceHubs(hubs.ConnectionString);
            }

            await stack.App.StartAsync(cancellationToken);
            await stack.StartWorkersAsync(cancellationToken);
            return stack;
        }
        catch
        {
            if (stack is not null)
            {
                await stack.DisposeAsync();
            }

            owned.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await evicting;
        await Task.WhenAll(Workers.DisposeAsync().AsTask(), App.DisposeAsync().AsTask());
        await metadata.DisposeAsync();
        if (Hubs is not null)
        {
            await Hubs.DisposeAsync();
        }

        await Azurite.DisposeAsync();
        ownership.Dispose();
        stopping.Dispose();
    }

    private async Task StartWorkersAsync(CancellationToken cancellationToken)
    {
        await metadata.StartAsync(cancellationToken);
        door.Open(metadata.Url);
        Workers.Start();
        if (options.RandomEvictions is { } random)
        {
            evicting = new RandomEvictions(random, Workers, options.Report, TimeProvider.System).RunAsync(stopping.Token);
        }
    }

    private static Task<AzuriteServer> StartAzuriteAsync(StackOptions options, StateFolder state, CancellationToken cancellationToken)
    {
        var first = options.StoragePort;
        return AzuriteServer.StartAsync(
            new AzuriteOptions
            {
                Folder = state.File("azurite"),
                BlobPort = first,
                QueuePort = first == 0 ? 0 : first + 1,
                TablePort = first == 0 ? 0 : first + 2,
                LogFile = state.Log("azurite"),
                Report = options.Report,
            },
            cancellationToken
        );
    }

    private static StackException AlreadyRuns(StateFolder state) =>
        new(
            state.RunningApp() is { } app
                ? $"A stack already runs here: {app.Url} (process {app.Pid}, folder {state.Path}). Use it (other commands find it by themselves), or stop it with Ctrl-C where it was started."
                : $"Another process is starting or stopping a stack in {state.Path}. Wait a moment and try again."
        );

    private async Task FailedAsync()
    {
        var ended = await Task.WhenAny(App.Failed, Azurite.Exited);
        if (ended == App.Failed)
        {
            await App.Failed;
        }

        throw new StackException(
            $"Azurite ended; expected it to run until the stack stops. Its log is {state.Log("azurite")}. Start again."
        );
    }
}
