using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Serverless.Functions.Batch;
using Serverless.Functions.Drops;
using Serverless.Pipeline;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Registry;
using Serverless.Testing;
using Serverless.Testing.Telemetry;

namespace Serverless.Functions.Tests.Drops;

public sealed class OnDropEventTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static readonly DateTimeOffset Dropped = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("drop")]
    [InlineData("batch")]
    public async Task RunAsync_Event_TellsHowLongItsFileWaited(string container)
    {
        await using var client = new FakeDurableClient();
        using var told = new Measurements();

        // The file is gone again: the event is done with all the same.
        await Function(container == "drop" ? 42 : 43)
            .RunAsync(
                $$"""
                {"eventType":"Microsoft.Storage.BlobCreated","eventTime":"{{Dropped:O}}",
                 "subject":"/blobServices/default/containers/{{container}}/blobs/nobody/gone.csv"}
                """,
                client,
                Token
            );

        var waited = told.Of("serverless.drop.wait").Single(one => one.Value is 42 or 43 && (string?)one.Tags["container"] == container);
        Assert.Equal(container == "drop" ? 42 : 43, waited.Value);
        Assert.Empty(client.Started);
    }

    [Fact]
    public async Task RunAsync_Message_IsCountedByTheMessagingConventions()
    {
        await using var client = new FakeDurableClient();
        using var told = new Measurements();

        await Function(0).RunAsync("no event", client, Token);

        string[] names = ["messaging.destination.name", "messaging.operation.name", "messaging.system"];
        var consumed = told.Of("messaging.client.consumed.messages").Last(one => one.Tags["messaging.destination.name"] is "drop-events");
        Assert.Equal(1, consumed.Value);
        Assert.Equal(names, consumed.Tags.Keys.Order());
        Assert.Equal(("process", "azure_storage_queue"), (consumed.Tags["messaging.operation.name"], consumed.Tags["messaging.system"]));
        Assert.Contains(told.Of("messaging.process.duration"), one => one.Tags["messaging.destination.name"] is "drop-events");
    }

    private OnDropEvent Function(int seconds)
    {
        var (storage, time) = (azurite.StorageClients, new FakeTimeProvider(Dropped.AddSeconds(seconds)));
        var aliases = new AliasStore(storage);
        var registry = new ModelRegistry(storage, aliases, time);
        var options = Options.Create(new PipelineOptions());
        var starter = new RunStarter(
            storage,
            new DefinitionStore(storage),
            new DropQuarantine(storage, time),
            new KeptModel(registry, aliases),
            options,
            NullLogger<RunStarter>.Instance
        );
        var batches = new BatchStarter(
            storage,
            registry,
            aliases,
            new BatchQuarantine(storage, time),
            options,
            NullLogger<BatchStarter>.Instance
        );
        return new OnDropEvent(starter, batches, time, NullLogger<OnDropEvent>.Instance);
    }
}
