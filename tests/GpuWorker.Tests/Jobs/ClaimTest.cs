using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Jobs;

/// <summary>Claims over an Azurite that the tests of all its classes share: each has a job of its own.</summary>
public abstract class ClaimTest(AzuriteFixture azurite)
{
    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected StorageClients Storage => azurite.StorageClients;

    private protected Task<ClaimBench> BenchAsync(string jobId) => BenchAsync(jobId, MachineNeed.Any);

    private protected Task<ClaimBench> BenchAsync(string jobId, MachineNeed need) => ClaimBench.OfferAsync(Storage, jobId, need, Cancelled);
}

/// <summary>Its classes share an Azurite.</summary>
[CollectionDefinition(nameof(ClaimTest))]
public sealed class ClaimTestGroup : ICollectionFixture<AzuriteFixture>;
