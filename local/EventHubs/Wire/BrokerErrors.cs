using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>A refusal with the service's error condition and text.</summary>
internal static class BrokerErrors
{
    public const string Stolen = "amqp:link:stolen";
    public const string ArgumentError = "com.microsoft:argument-error";
    public const string ServerBusy = "com.microsoft:server-busy";
    public const string OutOfOrder = "com.microsoft:out-of-order-sequence";
    public const string ProducerEpochStolen = "com.microsoft:producer-epoch-stolen";

    public static AmqpException NotFound(string entity) => New(ErrorCode.NotFound, $"The messaging entity '{entity}' could not be found.");

    public static AmqpException Unauthorized(string text) => New(ErrorCode.UnauthorizedAccess, text);

    public static AmqpException New(string condition, string text) => new(Of(condition, text));

    public static Error Of(string condition, string text) => new(new Symbol(condition)) { Description = text };
}
