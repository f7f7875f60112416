using System.Net;
using System.Net.Sockets;
using System.Text;
using Azure.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.EventHubs;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.EventHubs;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>A function's connection that has no key: who opens it by which settings, and what the service is shown.</summary>
public sealed class HubIdentityTests
{
    private const string Host = "mine.servicebus.windows.net";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Function_WithTheSettingsOfAManagedIdentity_ReadsAndSendsWithItsToken()
    {
        using var machine = StandInMachine.Start();
        using var service = StandInService.Start();
        var settings = Settings(("credential", "managedidentity"), ("clientId", "0000-of-mine"));
        await using var broker = new EventHubsHost(null, TimeProvider.System, NullLoggerFactory.Instance);
        string? asked = null;
        var identities = new HubIdentities(
            settings,
            host =>
            {
                asked = host;
                // The service without TLS.
                return new EventHubsConnectionString("127.0.0.1", service.Port, "", "", null, IsEmulator: true);
            }
        );
        var hubs = new HubClients(settings, HostSettings.Read(null, settings), broker, TimeProvider.System, identities);

        await hubs.Sender("Hubs", "telemetry", "Function 'F'").SendAsync([new OutgoingEvent("one"u8.ToArray())], Stop);
        await using var trigger = hubs.Connect("Hubs", "Function 'F'");
        await (await trigger.GetAsync(Stop)).AuthorizedSessionAsync("telemetry/ConsumerGroups/scoring/Partitions/0", Stop);

        Assert.Equal(Host, asked);
        Assert.Equal(1, service.Taken);
        Assert.Equal(
            [
                ("jwt", "sb://127.0.0.1/telemetry", "good of 0000-of-mine"),
                ("jwt", "sb://127.0.0.1/telemetry/ConsumerGroups/scoring/Partitions/0", "good of 0000-of-mine"),
            ],
            service.Shown
        );
        Assert.Contains("https://eventhubs.azure.net", machine.Asked, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_Settings_NameWhoOpensTheNamespace()
    {
        Assert.IsType<ManagedIdentityCredential>(Find(("credential", "ManagedIdentity")));
        Assert.IsType<ClientSecretCredential>(
            Find(("tenantId", "11111111-1111-1111-1111-111111111111"), ("clientId", "c"), ("clientSecret", "s"))
        );
        Assert.IsType<DefaultAzureCredential>(Find(("clientId", "c")));
        Assert.IsType<DefaultAzureCredential>(Find());
    }

    [Fact]
    public void Find_Namespace_IsTheServiceOverTls()
    {
        var (target, _) = new HubIdentities(Settings(), EventHubsConnectionString.OfNamespace).Find("Hubs", "here")!.Value;

        Assert.Equal((Host, 5671, false), (target.Host, target.Port, target.IsEmulator));
    }

    [Fact]
    public void Find_NoSettings_GivesNone() =>
        Assert.Null(new HubIdentities(Settings(), EventHubsConnectionString.OfNamespace).Find("Others", "here"));

    private static object Find(params (string Key, string Value)[] more) =>
        new HubIdentities(Settings(more), EventHubsConnectionString.OfNamespace).Find("Hubs", "here")!.Value.Credential;

    private static IConfiguration Settings(params (string Key, string Value)[] more) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("Hubs:fullyQualifiedNamespace", (string?)Host)])
            .AddInMemoryCollection(more.Select(one => KeyValuePair.Create($"Hubs:{one.Key}", (string?)one.Value)))
            .Build();

    /// <summary>The token endpoint of an App Service machine, which managed identities are asked at.</summary>
    private sealed class StandInMachine : IDisposable
    {
        private readonly HttpListener listener;

        private StandInMachine(HttpListener listener, string endpoint)
        {
            this.listener = listener;
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", endpoint);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", "of this machine");
            _ = AnswerAsync();
        }

        public string Asked { get; private set; } = "";

        public static StandInMachine Start()
        {
            for (var attempt = 0; ; attempt++)
            {
                using var free = new TcpListener(IPAddress.Loopback, 0);
                free.Start();
                var endpoint = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
                free.Stop();
                var made = new HttpListener();
                made.Prefixes.Add(endpoint);
                try
                {
                    made.Start();
                    return new StandInMachine(made, endpoint + "msi/token");
                }
                catch (HttpListenerException) when (attempt < 10) { }
            }
        }

        public void Dispose()
        {
            Environment.SetEnvironmentVariable("IDENTITY_ENDPOINT", null);
            Environment.SetEnvironmentVariable("IDENTITY_HEADER", null);
            listener.Close();
        }

        private async Task AnswerAsync()
        {
            while (true)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                var query = context.Request.QueryString;
                Asked = $"{query["resource"]}";
                var ends = TimeProvider.System.GetUtcNow().AddHours(24).ToUnixTimeSeconds();
                var answer = Encoding.UTF8.GetBytes(
                    $$"""{"access_token":"good of {{query["client_id"]}}","expires_on":"{{ends}}","resource":"{{Asked}}","token_type":"Bearer"}"""
                );
                var known = context.Request.Headers["X-IDENTITY-HEADER"] == "of this machine";
                (context.Response.StatusCode, context.Response.ContentType) = (known ? 200 : 401, "application/json");
                await context.Response.OutputStream.WriteAsync(answer);
                context.Response.Close();
            }
        }
    }
}
