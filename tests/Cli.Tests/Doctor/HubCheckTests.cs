using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Serverless.Cli.Doctor;

namespace Serverless.Cli.Tests.Doctor;

public sealed class HubCheckTests
{
    private const string Key = "SharedAccessKeyName=k;SharedAccessKey=s3cret;UseDevelopmentEmulator=true";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_BrokerThatListens_IsReached()
    {
        using var broker = new TcpListener(IPAddress.Loopback, 0);
        broker.Start();
        var place = $"127.0.0.1:{((IPEndPoint)broker.LocalEndpoint).Port}";

        var finding = Assert.Single(await HubCheck.RunAsync(null, Environment(), $"Endpoint=sb://{place};{Key}", Token));

        Assert.Equal(Verdict.Ok, finding.Verdict);
        Assert.StartsWith($"{place} (the stack that runs here) took a connection", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NobodyThere_SaysWhatToDoAndNoKey()
    {
        var environment = Environment(("EventHubConnection", $"Endpoint=sb://127.0.0.1:1;{Key}"));

        var finding = Assert.Single(await HubCheck.RunAsync(null, environment, running: null, Token));

        Assert.Equal(Verdict.Error, finding.Verdict);
        Assert.StartsWith("127.0.0.1:1 (the environment) does not answer", finding.Found, StringComparison.Ordinal);
        Assert.Contains("serverless up", finding.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", finding.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EventHubConnection", "Endpoint=sb://x")]
    [InlineData("EventHubConnection:fullyQualifiedNamespace", "nodots")]
    public async Task Run_SettingThatCannotBeRead_SaysWhatIsExpected(string name, string value)
    {
        var finding = Assert.Single(await HubCheck.RunAsync(null, Environment((name, value)), running: null, Token));

        Assert.Equal(Verdict.Error, finding.Verdict);
        Assert.Contains("NAME.servicebus.windows.net", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutStreaming_FindsNothing() =>
        Assert.Empty(await HubCheck.RunAsync(null, Environment(), running: null, Token));

    [Fact]
    public async Task Run_ANamespaceOfTheService_IsAskedByTls()
    {
        // Names under .invalid are nobody's: RFC 2606.
        var environment = Environment(("EventHubConnection:fullyQualifiedNamespace", "evhns.invalid"));

        var finding = Assert.Single(await HubCheck.RunAsync(null, environment, running: null, Token));

        Assert.StartsWith("evhns.invalid:5671 (the environment) d", finding.Found, StringComparison.Ordinal);
        Assert.Contains("port 5671", finding.Advice, StringComparison.Ordinal);
    }

    private static IConfiguration Environment(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)))
            .Build();
}
