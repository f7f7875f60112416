using Serverless.Cli.Stack.Spot;

namespace Serverless.Cli.Stack;

/// <summary>How the local stack runs.</summary>
internal sealed record StackOptions
{
    public const int DefaultPort = 7071;
    public const int DefaultStoragePort = 10000;

    /// <summary>Where all state lies: storage, run history, keys, logs.</summary>
    public required string Folder { get; init; }

    /// <summary>The app's HTTP port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Azurite's port for blobs; queues and tables take the next two. 0 takes free ones.</summary>
    public int StoragePort { get; init; }

    /// <summary>Whether there are hubs, and events are scored.</summary>
    public bool Streaming { get; init; }

    /// <summary>AMQP port of the hubs; 0 takes a free one.</summary>
    public int HubsPort { get; init; }

    /// <summary>Greatest number of workers at once; 0 starts none.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Takes workers at random moments, as Spot does; null takes none.</summary>
    public RandomEvictionOptions? RandomEvictions { get; init; }

    /// <summary>Opens the functions; null lets the app make a key and keep it in <c>keys.json</c>.</summary>
    public string? Key { get; init; }

    /// <summary>Starts the app again when it ends by itself.</summary>
    public bool RestartApp { get; init; } = true;

    /// <summary>More settings for the app and the workers; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>More settings for the app alone.</summary>
    public IReadOnlyDictionary<string, string?> AppEnvironment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Gives the connection string of the app and the workers; null: Azurite's own. A fault test puts a proxy in between.</summary>
    public Func<AzuriteServer, CancellationToken, Task<string>>? Between { get; init; }

    /// <summary>Called with one sentence about what happens.</summary>
    public Action<string>? Report { get; init; }
}
