using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Batch;

/// <summary>Batch jobs over an Azurite that the tests of all its classes share: each has a model of its own.</summary>
public abstract class BatchTest(AzuriteFixture azurite) : IDisposable
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected BatchRig Rig { get; } = new(azurite.StorageClients);

    protected StorageClients Storage => azurite.StorageClients;

    public void Dispose()
    {
        Rig.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Its classes share an Azurite.</summary>
[CollectionDefinition(nameof(BatchTest))]
public sealed class BatchTestGroup : ICollectionFixture<AzuriteFixture>;
