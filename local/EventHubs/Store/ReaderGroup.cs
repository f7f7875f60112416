using Amqp;
using Amqp.Framing;

namespace Serverless.Local.EventHubs;

/// <summary>A reader of a partition, as its consumer group sees it.</summary>
internal interface IGroupReader
{
    string Name { get; }

    /// <summary>Null: it shares the partition.</summary>
    long? Epoch { get; }

    /// <summary>There may be something to read.</summary>
    void Wake();

    void Detach(Error error);
}

/// <summary>The readers of one consumer group on one partition: up to five, or one with an epoch.</summary>
internal sealed class ReaderGroup(Partition partition)
{
    private const int Limit = 5;

    private readonly Lock gate = new();
    private readonly List<IGroupReader> readers = [];
    private volatile IGroupReader[] current = [];

    public Partition Partition => partition;

    /// <exception cref="AmqpException">A reader with a higher epoch is there, or five without one.</exception>
    public void Add(IGroupReader reader)
    {
        IGroupReader[] stolen;
        lock (gate)
        {
            if (readers.Find(r => r.Epoch is not null) is { } holder && !(reader.Epoch >= holder.Epoch))
                throw BrokerErrors.New(BrokerErrors.Stolen, Refusal(reader, holder));
            if (reader.Epoch is null && readers.Count >= Limit)
                throw BrokerErrors.New(
                    ErrorCode.ResourceLimitExceeded,
                    $"Exceeded the maximum number of allowed receivers per partition in a consumer group which is {Limit}. List of connected receivers - {string.Join(", ", readers.Select(r => r.Name))}."
                );
            stolen = reader.Epoch is null ? [] : [.. readers];
            readers.RemoveAll(r => Array.IndexOf(stolen, r) >= 0);
            readers.Add(reader);
            current = [.. readers];
        }
        foreach (var one in stolen)
            one.Detach(
                BrokerErrors.Of(
                    BrokerErrors.Stolen,
                    $"New receiver '{reader.Name}' with higher epoch of '{reader.Epoch}' is created hence current receiver '{one.Name}' with epoch '{one.Epoch?.ToString() ?? "none"}' is getting disconnected. "
                        + "If you are recreating the receiver, make sure a higher epoch is used."
                )
            );
    }

    public void Wake()
    {
        foreach (var reader in current)
            reader.Wake();
    }

    public void Remove(IGroupReader reader)
    {
        lock (gate)
        {
            readers.Remove(reader);
            current = [.. readers];
        }
    }

    private static string Refusal(IGroupReader reader, IGroupReader holder) =>
        reader.Epoch is { } epoch
            ? $"Receiver '{reader.Name}' with epoch '{epoch}' is refused: a receiver '{holder.Name}' with a higher epoch '{holder.Epoch}' already exists. "
                + "Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected."
            : $"A receiver '{holder.Name}' with epoch '{holder.Epoch}' already exists, so a receiver without an epoch cannot be created. "
                + "Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.";
}
