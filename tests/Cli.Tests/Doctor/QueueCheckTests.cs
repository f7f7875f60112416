using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.Doctor;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

public sealed class QueueCheckTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_JobsWaitOrAreTaken_TellsThemApart()
    {
        var queue = azurite.StorageClients.Queue(Queues.JobsCpu);
        await queue.SendMessageAsync("one", Token);
        await queue.ReceiveMessageAsync(TimeSpan.FromMinutes(5), Token);
        await queue.SendMessageAsync("two", Token);

        var now = await LookAsync(Queues.JobsCpu, minutes: 0);
        var later = await LookAsync(Queues.JobsCpu, minutes: 30);

        Assert.Equal(Verdict.Ok, now.Verdict);
        Assert.Contains("2 message(s): 1 taken, 1 waiting", now.Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Warning, later.Verdict);
        Assert.Contains("No worker takes them", later.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_PoisonQueue_SaysWhereTheyBelong()
    {
        const string Poison = Queues.DropEvents + "-poison";
        await azurite.StorageClients.Queue(Poison).CreateIfNotExistsAsync(cancellationToken: Token);
        await azurite.StorageClients.Queue(Poison).SendMessageAsync("given up", Token);

        var found = await LookAsync(Poison, minutes: 0);

        Assert.Equal(Verdict.Warning, found.Verdict);
        Assert.Contains($"put them back into {Queues.DropEvents} ", found.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_EmptyQueue_IsOk() => Assert.Equal("empty", (await LookAsync(Queues.JobsGpu, minutes: 0)).Found);

    private async Task<Finding> LookAsync(string queue, int minutes)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(minutes));
        return Assert.Single(await new QueueCheck(azurite.StorageClients, time, local: true).RunAsync([queue, "foreign"], Token));
    }
}
