using System.Collections.Concurrent;
using Serverless.Local.Tests.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

/// <summary>Functions over the queues of an Azurite that the tests of all its classes share: each has queues of its own.</summary>
public abstract class QueueTest(AzuriteFixture azurite)
{
    private static readonly ConcurrentDictionary<string, ConcurrentQueue<string>> Seen = new();

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected string Connection => azurite.ConnectionString;

    /// <summary>What the functions of a test have seen, by its name.</summary>
    protected static ConcurrentQueue<string> Of(string name) => Seen.GetOrAdd(name, _ => new());

    private protected Task<TestApp> StartAsync(params Type[] classes) =>
        TestApp.StartWithAsync(new() { ["AzureWebJobsStorage"] = Connection, ["Work"] = Connection }, classes);

    public sealed record Item(string Name, int Size);
}

/// <summary>Its classes share an Azurite.</summary>
[CollectionDefinition(nameof(QueueTest))]
public sealed class QueueTestGroup : ICollectionFixture<AzuriteFixture>;
