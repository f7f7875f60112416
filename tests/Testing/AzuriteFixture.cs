using Serverless.Cli.Stack;
using Serverless.Pipeline.Storage;
using Xunit;

namespace Serverless.Testing;

/// <summary>
/// An Azurite for a class of tests: free ports, in memory, every container, queue and table made. Use as
/// <c>IClassFixture&lt;AzuriteFixture&gt;</c>; tests that share one keep apart by their own names.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private AzuriteServer? server;
    private StorageClients? clients;

    public AzuriteServer Server => server ?? throw new InvalidOperationException("The fixture has not started.");

    public string ConnectionString => Server.ConnectionString;

    public StorageClients StorageClients => clients ??= Server.Clients();

    public async ValueTask InitializeAsync()
    {
        server = await AzuriteServer.StartAsync(new AzuriteOptions(), CancellationToken.None);
        await StorageClients.CreateMissingAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
