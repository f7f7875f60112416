using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Datasets;

/// <summary>Ingestion over an Azurite that the tests of all its classes share: each has a pipeline of its own.</summary>
public abstract class IngestionTest(AzuriteFixture azurite)
{
    protected const string Binary = "{ target: y, task: binary }";

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected IngestionRig Rig(string pipeline, string data = Binary) => IngestionRig.For(azurite, pipeline, data);
}

/// <summary>Its classes share an Azurite.</summary>
[CollectionDefinition(nameof(IngestionTest))]
public sealed class IngestionTestGroup : ICollectionFixture<AzuriteFixture>;
