using System.Security.Cryptography;
using Amqp.Types;

namespace Serverless.Local.EventHubs;

/// <summary>What an idempotent producer is told when its link opens: who it is, and the last event that is there from it.</summary>
internal static class ProducerWelcome
{
    private static readonly Symbol Id = "com.microsoft:producer-id";
    private static readonly Symbol Epoch = "com.microsoft:producer-epoch";
    private static readonly Symbol Sequence = "com.microsoft:producer-sequence-number";

    /// <exception cref="Amqp.AmqpException">A producer of that id with a higher epoch is there.</exception>
    public static Fields Welcome(this Partition partition, Fields? asked)
    {
        var id = asked?[Id] is { } given ? Convert.ToInt64(given, null) : NewId();
        var known = partition.FindProducer(id);
        var epoch = asked?[Epoch] is { } givenEpoch ? Convert.ToInt16(givenEpoch, null) : known?.Epoch ?? 0;
        if (epoch < known?.Epoch)
            throw BrokerErrors.New(
                BrokerErrors.ProducerEpochStolen,
                $"Producer {id} asks for epoch {epoch}, but a producer with epoch {known.Epoch} is in its place."
            );
        // A client takes the answer for the number it goes on from. One that comes back and says where it was must hear the same: with a
        // later number it would send what was stored, but not acknowledged, as something new.
        var sequence =
            asked?[Sequence] is { } start ? Convert.ToInt32(start, null)
            : epoch == known?.Epoch ? known.LastSequence
            : 0;
        return new Fields
        {
            [Id] = id,
            [Epoch] = epoch,
            [Sequence] = sequence,
        };
    }

    /// <summary>Another one for every producer that has none, on every start: 31 bits, because a JavaScript client reads it as a number.</summary>
    private static long NewId() => RandomNumberGenerator.GetInt32(1, int.MaxValue);
}
