using System.Text.Json;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Triggers.Drops;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

public sealed class DropWatcherTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Look_NewAndChangedBlobs_AreToldOfOnceOverRestarts()
    {
        using var folder = new TestFolder();
        using (var watcher = Watcher(folder, "once"))
        {
            Assert.Equal(0, await watcher.LookAsync(Stop));
            await Upload("once", "p/a b.csv", "1");
            Assert.Equal(1, await watcher.LookAsync(Stop));
            Assert.Equal(0, await watcher.LookAsync(Stop));
        }
        await Upload("once", "p/while away.csv", "2");
        await Upload("once", "p/a b.csv", "3");
        using (var watcher = Watcher(folder, "once"))
        {
            Assert.Equal(2, await watcher.LookAsync(Stop));
            Assert.Equal(0, await watcher.LookAsync(Stop));
        }
        Assert.Equal(3, (await Queue("once").ReceiveMessagesAsync(32, cancellationToken: Stop)).Value.Length);
    }

    [Fact]
    public async Task Look_NewBlob_SendsWhatEventGridWouldSend()
    {
        using var folder = new TestFolder();
        using var watcher = Watcher(folder, "schema");
        await watcher.LookAsync(Stop);
        var blob = await Upload("schema", "machine-failure/a b.csv", "x,y");
        await watcher.LookAsync(Stop);
        var message = (await Queue("schema").ReceiveMessageAsync(cancellationToken: Stop)).Value;
        using var json = JsonDocument.Parse(message.Body.ToString());
        var root = json.RootElement;
        Assert.Equal("Microsoft.Storage.BlobCreated", root.GetProperty("eventType").GetString());
        Assert.Equal("/blobServices/default/containers/schema/blobs/machine-failure/a b.csv", root.GetProperty("subject").GetString());
        Assert.Equal("1", root.GetProperty("metadataVersion").GetString());
        Assert.EndsWith("/storageAccounts/devstoreaccount1", root.GetProperty("topic").GetString(), StringComparison.Ordinal);
        Assert.True(root.GetProperty("eventTime").GetDateTimeOffset() > DateTimeOffset.UnixEpoch);
        Assert.NotEqual("", root.GetProperty("id").GetString());
        var data = root.GetProperty("data");
        Assert.Equal(blob.Uri.AbsoluteUri, data.GetProperty("url").GetString());
        Assert.Equal(3, data.GetProperty("contentLength").GetInt64());
        Assert.Equal("BlockBlob", data.GetProperty("blobType").GetString());
        Assert.Equal("PutBlob", data.GetProperty("api").GetString());
        var etag = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag.ToString().Trim('"');
        Assert.Equal(etag, data.GetProperty("eTag").GetString());
    }

    [Fact]
    public async Task Look_SeenFileCutShort_TellsOfThatBlobAgain()
    {
        using var folder = new TestFolder();
        using (var watcher = Watcher(folder, "torn"))
        {
            await watcher.LookAsync(Stop);
            await Upload("torn", "a", "1");
            await Upload("torn", "b", "2");
            Assert.Equal(2, await watcher.LookAsync(Stop));
        }
        var file = Directory.GetFiles(folder.Path).Single();
        await using (var stream = new FileStream(file, FileMode.Open))
            stream.SetLength(stream.Length - 5);
        using (var watcher = Watcher(folder, "torn"))
            Assert.Equal(1, await watcher.LookAsync(Stop));
        using (var watcher = Watcher(folder, "torn"))
            Assert.Equal(0, await watcher.LookAsync(Stop));
    }

    private DropWatcher Watcher(TestFolder folder, string name) =>
        new(
            new DropOptions
            {
                ConnectionString = azurite.ConnectionString,
                Containers = [name],
                Queue = name,
                StateFolder = folder.Path,
            },
            TimeProvider.System,
            NullLogger.Instance
        );

    private async Task<BlobClient> Upload(string container, string name, string content)
    {
        var client = new BlobContainerClient(azurite.ConnectionString, container);
        await client.CreateIfNotExistsAsync(cancellationToken: Stop);
        var blob = client.GetBlobClient(name);
        await blob.UploadAsync(BinaryData.FromString(content), overwrite: true, Stop);
        return blob;
    }

    private QueueClient Queue(string name) =>
        new(azurite.ConnectionString, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
}
