using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Amqp.Types;
using Serverless.Local.EventHubs;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>
/// One connection to whatever a connection string names: plain AMQP for an emulator, TLS for the service. Every address it opens is
/// authorized first, and again before its token ends.
/// </summary>
internal sealed class HubConnection : IAsyncDisposable
{
    private static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RenewalInterval = TimeSpan.FromMinutes(1);

    /// <summary>A token with less time left is renewed; an identity's may have little from the start.</summary>
    private static readonly TimeSpan RenewalLead = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _authorized = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();
    private readonly EventHubsConnectionString _target;
    private readonly HubTokens _tokens;
    private readonly TimeProvider _time;
    private readonly Connection _connection;
    private readonly RequestLink _cbs;
    private readonly Task _renewals;

    private HubConnection(EventHubsConnectionString target, HubTokens tokens, TimeProvider time, Connection connection)
    {
        (_target, _tokens, _time, _connection) = (target, tokens, time, connection);
        _cbs = new RequestLink(new Session(connection), "$cbs");
        _renewals = RenewAsync();
    }

    public bool IsOpen => !_connection.IsClosed;

    /// <exception cref="HubException">Nothing answers there.</exception>
    public static async Task<HubConnection> OpenAsync(
        EventHubsConnectionString target,
        HubTokens tokens,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        using var plain = new PlainTransport();
        var factory = new ConnectionFactory(target.IsEmulator ? [plain] : []);
        factory.SASL.Profile = SaslProfile.Anonymous;
        factory.TCP.NoDelay = true;
        factory.AMQP.MaxFrameSize = 64 * 1024;
        factory.AMQP.IdleTimeout = 60_000;
        factory.AMQP.HostName = target.Host;
        factory.AMQP.ContainerId = $"serverless-{Guid.CreateVersion7():n}";
        var address = new Address(target.Host, target.Port, null, null, "/", target.IsEmulator ? "amqp" : "amqps");
        var what = $"Event Hubs at {target.Host}:{target.Port}";
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(OpenTimeout);
            return new HubConnection(target, tokens, time, await factory.CreateAsync(address, limit.Token));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HubException(null, $"{what} does not answer within {OpenTimeout.TotalSeconds:0} s.", e);
        }
        catch (Exception e) when (HubException.From(e, what) is not null)
        {
            throw HubException.From(e, what)!;
        }
    }

    /// <summary>A session of its own for one link, when the address is authorized.</summary>
    public async Task<Session> AuthorizedSessionAsync(string path, CancellationToken cancellationToken)
    {
        if (!_authorized.ContainsKey(path))
            await PutTokenAsync(path, cancellationToken);
        return new Session(_connection);
    }

    /// <summary>Ids of the hub's partitions.</summary>
    public async Task<IReadOnlyList<string>> PartitionsAsync(string hub, CancellationToken cancellationToken)
    {
        var session = await AuthorizedSessionAsync(hub, cancellationToken);
        await using var management = new RequestLink(session, "$management");
        var request = new Message
        {
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "READ",
                ["name"] = hub,
                ["type"] = "com.microsoft:eventhub",
                ["security_token"] = (await _tokens.GetAsync(Resource(hub), cancellationToken)).Text,
            },
        };
        var reply = await management.AskAsync(request, cancellationToken);
        return reply.Body is Map map && map["partition_ids"] is string[] ids
            ? ids
            : throw new HubException(null, $"$management told no partitions of hub '{hub}'.");
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _renewals;
        await _connection.CloseQuietlyAsync();
        _closing.Dispose();
    }

    private async Task RenewAsync()
    {
        while (!_closing.IsCancellationRequested && IsOpen)
        {
            await Pause.For(RenewalInterval, _time, _closing.Token);
            foreach (var (path, expires) in _authorized)
            {
                if (_closing.IsCancellationRequested)
                    return;
                if (expires - _time.GetUtcNow() > RenewalLead)
                    continue;
                try
                {
                    await PutTokenAsync(path, _closing.Token);
                }
                catch (Exception e) when (e is HubException or OperationCanceledException)
                {
                    // The service closes the link when its token ends, and the link's user opens it again.
                }
            }
        }
    }

    private async Task PutTokenAsync(string path, CancellationToken cancellationToken)
    {
        var token = await _tokens.GetAsync(Resource(path), cancellationToken);
        var request = new Message(token.Text)
        {
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token",
                ["type"] = token.Type,
                ["name"] = Resource(path),
            },
        };
        await _cbs.AskAsync(request, cancellationToken);
        _authorized[path] = token.Expires;
    }

    private string Resource(string path) => $"sb://{_target.Host}/{path}";
}
