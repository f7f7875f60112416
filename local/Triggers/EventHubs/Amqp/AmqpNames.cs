using Amqp.Types;

namespace Serverless.Local.Triggers.EventHubs.Amqp;

/// <summary>The words of Event Hubs' protocol.</summary>
internal static class AmqpNames
{
    public const uint BatchFormat = 0x80013700;

    public static readonly Symbol SequenceNumber = new("x-opt-sequence-number");
    public static readonly Symbol Offset = new("x-opt-offset");
    public static readonly Symbol EnqueuedTime = new("x-opt-enqueued-time");
    public static readonly Symbol PartitionKey = new("x-opt-partition-key");
    public static readonly Symbol Selector = new("apache.org:selector-filter:string");
    public static readonly Symbol Epoch = new("com.microsoft:epoch");
    public static readonly Symbol ReceiverName = new("com.microsoft:receiver-name");

    public const string LinkStolen = "amqp:link:stolen";
    public const string ArgumentError = "com.microsoft:argument-error";

    public static string PartitionPath(string hub, string group, string partition) =>
        $"{hub}/ConsumerGroups/{group}/Partitions/{partition}";
}
