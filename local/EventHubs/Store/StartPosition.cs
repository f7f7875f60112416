using System.Globalization;

namespace Serverless.Local.EventHubs;

/// <summary>What a position counts.</summary>
internal enum PositionKind
{
    Offset,
    Sequence,
    Time,
    Latest,
}

/// <summary>Where a reader begins: behind a value, or at it when it is inclusive. Times are Unix milliseconds.</summary>
internal readonly record struct StartPosition(PositionKind Kind, long Value, bool IsInclusive)
{
    public static StartPosition Earliest => new(PositionKind.Offset, -1, false);

    public static StartPosition Latest => new(PositionKind.Latest, 0, false);

    /// <summary>The first value that passes.</summary>
    public long First => IsInclusive ? Value : Value + 1;

    /// <exception cref="Amqp.AmqpException">The position lies behind the newest event.</exception>
    public void CheckWithin(Partition partition)
    {
        var last = partition.Newest;
        var (name, end) = Kind switch
        {
            PositionKind.Offset => ("offset", last.Offset),
            PositionKind.Sequence => ("sequence number", last.Sequence),
            _ => ("", long.MaxValue),
        };
        if (Value > end && !(IsInclusive && Value == end + 1 && Kind == PositionKind.Sequence))
            throw BrokerErrors.New(
                BrokerErrors.ArgumentError,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The supplied {name} '{Value}' is invalid. The last {name} in the system is '{end}'"
                )
            );
    }
}
