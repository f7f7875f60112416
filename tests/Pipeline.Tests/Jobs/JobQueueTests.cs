using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Tests.Jobs;

public sealed class JobQueueTests
{
    [Theory]
    [InlineData(null, "jobs-cpu")]
    [InlineData("", "jobs-cpu")]
    [InlineData("Standard_D2as_v5", "jobs-cpu")]
    [InlineData("Standard_F16s_v2", "jobs-cpu")]
    [InlineData("Standard_NP10s", "jobs-cpu")]
    [InlineData("Standard_N", "jobs-cpu")]
    [InlineData("Standard_NC4as_T4_v3", "jobs-gpu")]
    [InlineData("standard_nc24ads_a100_v4", "jobs-gpu")]
    [InlineData("Standard_NCC40ads_H100_v5", "jobs-gpu")]
    [InlineData("Standard_ND96isr_H100_v5", "jobs-gpu")]
    [InlineData("Standard_NG8ads_V620_v1", "jobs-gpu")]
    [InlineData("Standard_NV6ads_A10_v5", "jobs-gpu")]
    [InlineData("NC4as_T4_v3", "jobs-gpu")]
    public void Of_Size_IsTheQueueOfItsKind(string? sku, string queue) => Assert.Equal(queue, JobQueue.Of(sku));
}
