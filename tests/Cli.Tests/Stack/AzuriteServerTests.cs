using Serverless.Cli.Stack;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Stack;

public sealed class AzuriteServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RestartAsync_AfterAWrite_KeepsPortsAndData()
    {
        using var folder = new TestFolder();
        await using var azurite = await AzuriteServer.StartAsync(RestartPorts.Azurite(folder.Path), Token);
        var before = azurite.ConnectionString;
        await azurite.Clients().CreateMissingAsync(Token);
        await azurite.Clients().Container(Containers.Drop).UploadBlobAsync("a/b.csv", BinaryData.FromString("x"), Token);

        await azurite.RestartAsync(Token);

        Assert.Equal(before, azurite.ConnectionString);
        var blob = await azurite.Clients().Container(Containers.Drop).GetBlobClient("a/b.csv").DownloadContentAsync(Token);
        Assert.Equal("x", blob.Value.Content.ToString());
    }

    [Fact]
    public async Task StartAsync_OnATakenPort_SaysWhichAndWhatToDo()
    {
        await using var first = await AzuriteServer.StartAsync(new AzuriteOptions(), Token);

        var refused = await Assert.ThrowsAsync<StackException>(() =>
            AzuriteServer.StartAsync(new AzuriteOptions { BlobPort = first.BlobPort }, Token)
        );

        Assert.Contains($"{first.BlobPort}", refused.Message);
        Assert.Contains("--storage-port", refused.Message);
    }
}
