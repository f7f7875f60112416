using Microsoft.Extensions.Time.Testing;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

public sealed class StorageCheckTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_WholeAccount_IsOk()
    {
        var findings = await new StorageCheck(azurite.StorageClients, TimeProvider.System, local: false).RunAsync(Token);

        Assert.All(findings, finding => Assert.Equal(Verdict.Ok, finding.Verdict));
        Assert.Equal(["storage, blobs", "storage, queues", "storage, tables", "clock"], findings.Select(finding => finding.Check));
    }

    [Theory]
    [InlineData(true, Verdict.Warning, "serverless up")]
    [InlineData(false, Verdict.Error, "Deploy the template again")]
    public async Task RunAsync_EmptyAccount_NamesWhatIsMissing(bool local, object verdict, string advice)
    {
        await using var empty = await AzuriteServer.StartAsync(new AzuriteOptions(), Token);

        var findings = await new StorageCheck(empty.Clients(), TimeProvider.System, local).RunAsync(Token);

        var blobs = findings[0];
        Assert.Equal(verdict, blobs.Verdict);
        Assert.Contains(Containers.Models, blobs.Found, StringComparison.Ordinal);
        Assert.Contains(advice, blobs.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WrongPort_SaysThatNothingListens()
    {
        var wrong = azurite.ConnectionString.Replace($":{azurite.Server.QueuePort}/", ":1/", StringComparison.Ordinal);

        var findings = await new StorageCheck(StorageClients.FromConnectionString(wrong), TimeProvider.System, local: true).RunAsync(Token);

        var queues = Assert.Single(findings, finding => finding.Verdict == Verdict.Error);
        Assert.Equal("storage, queues", queues.Check);
        Assert.Contains(":1/", queues.Found, StringComparison.Ordinal);
        Assert.Contains("is the port right", queues.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_WrongKey_SaysThatItIsNotAccepted()
    {
        var wrong = azurite.ConnectionString.Replace(
            AzuriteOptions.DevelopmentKey,
            Convert.ToBase64String(new byte[64]),
            StringComparison.Ordinal
        );

        var findings = await new StorageCheck(StorageClients.FromConnectionString(wrong), TimeProvider.System, local: false).RunAsync(
            Token
        );

        var services = findings.Where(finding => finding.Check.StartsWith("storage", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, services.Count);
        Assert.All(services, finding => Assert.Equal(Verdict.Error, finding.Verdict));
        Assert.All(services, finding => Assert.Contains("key", finding.Advice, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(20, Verdict.Error, "ahead of")]
    [InlineData(-20, Verdict.Error, "behind")]
    [InlineData(2, Verdict.Warning, "ahead of")]
    [InlineData(0, Verdict.Ok, "within")]
    public async Task RunAsync_ClockOff_SaysHowMuch(int minutes, object verdict, string said)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddMinutes(minutes));

        var findings = await new StorageCheck(azurite.StorageClients, time, local: false).RunAsync(Token);

        Assert.Equal(verdict, findings[^1].Verdict);
        Assert.Contains(said, findings[^1].Found, StringComparison.Ordinal);
    }
}
