using Amqp;
using Azure.Core;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>What opens an address, until when.</summary>
/// <param name="Type">How <c>$cbs</c> calls this kind of token.</param>
/// <param name="Text">The token itself.</param>
/// <param name="Expires">When it opens nothing any more.</param>
internal readonly record struct HubToken(string Type, string Text, DateTimeOffset Expires);

/// <summary>Where a connection has its tokens from.</summary>
internal abstract class HubTokens
{
    /// <param name="resource">As <c>sb://host/hub</c>.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="HubException">There is no token to be had.</exception>
    public abstract ValueTask<HubToken> GetAsync(string resource, CancellationToken cancellationToken);
}

/// <summary>Made of a shared access key: one for each resource.</summary>
internal sealed class KeyTokens(EventHubsConnectionString target, TimeProvider time) : HubTokens
{
    public override ValueTask<HubToken> GetAsync(string resource, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var text = SasToken.Create(resource, target.KeyName, target.Key, now);
        return new(new HubToken("servicebus.windows.net:sastoken", text, now + SasToken.Life));
    }
}

/// <summary>Of an identity of Entra ID: one for the whole service, which knows the identity's roles.</summary>
internal sealed class IdentityTokens(TokenCredential credential) : HubTokens
{
    private static readonly TokenRequestContext Scope = new(["https://eventhubs.azure.net/.default"]);

    public override async ValueTask<HubToken> GetAsync(string resource, CancellationToken cancellationToken)
    {
        try
        {
            var token = await credential.GetTokenAsync(Scope, cancellationToken);
            return new HubToken("jwt", token.Token, token.ExpiresOn);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new HubException(ErrorCode.UnauthorizedAccess, $"No token for {resource} could be had: {e.Message}", e);
        }
    }
}
