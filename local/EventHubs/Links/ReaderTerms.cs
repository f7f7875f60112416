using Amqp.Framing;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>What a receiver asked for in its attach.</summary>
internal sealed record ReaderTerms(string Name, long? Epoch, StartPosition Start, bool WantsMetrics)
{
    private static readonly Symbol EpochProperty = "com.microsoft:epoch";
    private static readonly Symbol NameProperty = "com.microsoft:receiver-name";
    private static readonly Symbol Metrics = "com.microsoft:enable-receiver-runtime-metric";

    /// <exception cref="Amqp.AmqpException">The filter or the epoch cannot be read.</exception>
    public static ReaderTerms Read(Attach attach, Source source) =>
        new(
            attach.Properties?[NameProperty] as string is { Length: > 0 } name ? name : attach.LinkName,
            ReadEpoch(attach.Properties?[EpochProperty]),
            Selector.Read(source),
            attach.DesiredCapabilities?.Contains(Metrics) == true
        );

    private static long? ReadEpoch(object? value) =>
        value switch
        {
            null => null,
            long or int or short or sbyte or byte or ushort or uint when Convert.ToInt64(value, null) is >= 0 and var epoch => epoch,
            _ => throw BrokerErrors.New(
                BrokerErrors.ArgumentError,
                $"The epoch of a receiver is '{value}'; expected a number of 0 or more."
            ),
        };
}
