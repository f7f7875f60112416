using System.Net.Sockets;
using Amqp;
using Amqp.Framing;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>The hub refused, or is not there.</summary>
internal sealed class HubException(string? condition, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The error condition by its protocol's name; null where none was told.</summary>
    public string? Condition { get; } = condition;

    /// <summary>Whether it is worth another try: a broker that is away or busy, not one that knows no such hub.</summary>
    public bool IsTransient =>
        Condition
            is not (
                ErrorCode.NotFound
                or ErrorCode.UnauthorizedAccess
                or ErrorCode.MessageSizeExceeded
                or ErrorCode.NotAllowed
                or ErrorCode.InvalidField
                or AmqpNames.ArgumentError
                or AmqpNames.LinkStolen
            );

    public static HubException Of(Error? error, string what) =>
        new(error?.Condition?.ToString(), $"{what}: {error?.Description ?? error?.Condition?.ToString() ?? "the connection was closed"}");

    /// <summary>A failure of the protocol or the network as one of the hub's; null when it is another matter.</summary>
    public static HubException? From(Exception failed, string what) =>
        failed switch
        {
            HubException hub => hub,
            AmqpException amqp => new HubException(amqp.Error?.Condition?.ToString(), $"{what}: {amqp.Message}", amqp),
            SocketException or IOException or TimeoutException or ObjectDisposedException or InvalidOperationException => new HubException(
                null,
                $"{what}: {failed.Message}",
                failed
            ),
            _ => null,
        };
}
