using Serverless.Local.EventHubs;

namespace Serverless.Local.Tests.EventHubs;

public sealed class PartitionKeyHashTests
{
    /// <summary>Partitions that the clients' own mapper gives for 32 partitions.</summary>
    [Theory]
    [InlineData("alpha", 9)]
    [InlineData("beta", 19)]
    [InlineData("x", 13)]
    [InlineData("exactly12byt", 1)]
    [InlineData("device-42", 12)]
    public void Partition_KnownKey_IsTheServices(string key, int partition) => Assert.Equal(partition, PartitionKeyHash.Partition(key, 32));
}
