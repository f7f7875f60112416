using System.Security.Cryptography;
using System.Text;
using Amqp;
using Amqp.Sasl;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>
/// SASL as the service offers it: ANONYMOUS and MSSBCBS let in whoever shows a token later, PLAIN wants the key's name and the key.
/// </summary>
internal sealed class SaslMechanism(string name, Func<SaslInit, bool> admits) : SaslProfile(name)
{
    /// <summary>Called when the client is let in.</summary>
    public Action Upgraded { get; set; } = static () => { };

    public static SaslMechanism Open(string name) => new(name, _ => true);

    public static SaslMechanism Plain(EventHubsOptions options, ConnectionRights rights) =>
        new(
            "PLAIN",
            init =>
            {
                if (Encoding.UTF8.GetString(init.InitialResponse ?? []).Split('\0') is not [_, var user, var password])
                    return false;
                rights.IsOpen =
                    user == options.KeyName
                    && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(options.Key));
                return rights.IsOpen;
            }
        );

    protected override ITransport UpgradeTransport(ITransport transport)
    {
        ((SocketTransport)transport).WaitForPeer();
        Upgraded();
        return transport;
    }

    protected override DescribedList? GetStartCommand(string hostname) => null;

    protected override DescribedList OnCommand(DescribedList command) =>
        command is SaslInit init
            ? new SaslOutcome { Code = admits(init) ? SaslCode.Ok : SaslCode.Auth }
            : throw new AmqpException(ErrorCode.NotAllowed, command.ToString());
}
