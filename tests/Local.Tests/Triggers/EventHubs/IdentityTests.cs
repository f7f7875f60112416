using Azure.Core;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.EventHubs;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>A namespace that is opened by an identity: what is shown to the service, and for how long.</summary>
public sealed class IdentityTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sender_OfAnIdentity_ShowsItsTokenBeforeItSends()
    {
        using var service = StandInService.Start();
        var credential = new StandInCredential(TimeProvider.System, TimeSpan.FromHours(1));
        await using var connections = Connect(service, TimeProvider.System, credential);
        await using var sender = new HubSender(connections, "telemetry", ClientRetry.Default, TimeProvider.System);

        await sender.SendAsync([new OutgoingEvent("one"u8.ToArray())], Stop);
        await sender.SendAsync([new OutgoingEvent("two"u8.ToArray())], Stop);

        Assert.Equal([("jwt", "sb://127.0.0.1/telemetry", "good 1")], service.Shown);
        Assert.Equal(2, service.Taken);
        Assert.Equal(["https://eventhubs.azure.net/.default"], credential.Scopes);
    }

    [Fact]
    public async Task Token_ThatEndsSoon_IsShownAnew()
    {
        using var service = StandInService.Start();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var connections = Connect(service, time, new StandInCredential(time, TimeSpan.FromMinutes(30)));
        await using var sender = new HubSender(connections, "telemetry", ClientRetry.Default, TimeProvider.System);
        await sender.SendAsync([new OutgoingEvent("one"u8.ToArray())], Stop);
        var shown = time.GetUtcNow();

        await Eventually.HoldsAsync(
            () =>
            {
                if (service.Shown.Count > 1)
                    return true;
                time.Advance(TimeSpan.FromMinutes(1));
                return false;
            },
            "another token",
            Stop
        );

        Assert.Equal(["good 1", "good 2"], service.Shown.Select(one => one.Text).Take(2));
        Assert.True(time.GetUtcNow() - shown >= TimeSpan.FromMinutes(20));
    }

    [Fact]
    public async Task Identity_WithoutAToken_IsToldAndNotTriedAgain()
    {
        using var service = StandInService.Start();
        await using var connections = Connect(service, TimeProvider.System, new StandInCredential(TimeProvider.System, null));
        await using var sender = new HubSender(connections, "telemetry", ClientRetry.Default, TimeProvider.System);

        var refused = await Assert.ThrowsAsync<HubException>(() => sender.SendAsync([new OutgoingEvent("one"u8.ToArray())], Stop));

        Assert.Equal("No token for sb://127.0.0.1/telemetry could be had: nobody is signed in", refused.Message);
        Assert.False(refused.IsTransient);
        Assert.Empty(service.Shown);
    }

    [Fact]
    public async Task Broker_OfThisMachine_RefusesAnIdentityWithTheReason()
    {
        await using var rig = await HubRig.StartAsync(azurite);
        var target = EventHubsConnectionString.Parse(rig.ConnectionString);
        await using var connections = new HubConnections(
            target,
            TimeProvider.System,
            tokens: new IdentityTokens(new StandInCredential(TimeProvider.System, TimeSpan.FromHours(1)))
        );
        await using var sender = new HubSender(connections, "in", ClientRetry.Default, TimeProvider.System);

        var refused = await Assert.ThrowsAsync<HubException>(() => sender.SendAsync([new OutgoingEvent("one"u8.ToArray())], Stop));

        Assert.Contains("The local broker takes no other", refused.Message);
        Assert.False(refused.IsTransient);
    }

    private static HubConnections Connect(StandInService service, TimeProvider time, TokenCredential credential) =>
        new(
            new EventHubsConnectionString("127.0.0.1", service.Port, "", "", null, IsEmulator: true),
            time,
            tokens: new IdentityTokens(credential)
        );

    /// <param name="time">For the end of a token.</param>
    /// <param name="life">How long each is good; null: there are none.</param>
    private sealed class StandInCredential(TimeProvider time, TimeSpan? life) : TokenCredential
    {
        private int made;

        public List<string> Scopes { get; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes.AddRange(requestContext.Scopes);
            return life is { } good
                ? new AccessToken($"good {++made}", time.GetUtcNow() + good)
                : throw new InvalidOperationException("nobody is signed in");
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }
}
