using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>Sends the events of a partition to one receiver as far as its credit goes.</summary>
#pragma warning disable CA1001 // The library owns the endpoint; the reader ends with the link.
internal sealed class ReaderLink(ListenerLink link, ReaderGroup group, ReaderTerms terms, TimeProvider time)
    : SendingEndpoint(link),
        IGroupReader,
        IThreadPoolWorkItem
#pragma warning restore CA1001
{
    /// <summary>Events in one turn, so that many readers share the threads.</summary>
    private const int Turn = 500;

    private const int Idle = 0;
    private const int Running = 1;
    private const int Again = 2;

    private readonly PartitionReader reader = new(group.Partition, terms.Start);
    private int state;

    public string Name => terms.Name;

    public long? Epoch => terms.Epoch;

    public void Wake()
    {
        if (Interlocked.Exchange(ref state, Again) == Idle)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Detach(Error error) => Close(error);

    public void Execute()
    {
        Volatile.Write(ref state, Running);
        var more = false;
        try
        {
            lock (Sending)
            {
                more = SendTurn();
                if (IsStopped)
                    reader.Dispose();
            }
        }
        catch (AmqpException)
        {
            // The link or its connection has just gone; its close is told apart.
            Stop();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            Close(BrokerErrors.Of(ErrorCode.InternalError, e.Message));
        }
        if (more || Interlocked.CompareExchange(ref state, Idle, Running) != Running)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public override void OnLinkClosed(ListenerLink link, Error error)
    {
        base.OnLinkClosed(link, error);
        group.Remove(this);
        Wake();
    }

    protected override void OnCredit() => Wake();

    /// <summary>Whether there may be more to do without being woken.</summary>
    private bool SendTurn()
    {
        (PartitionState, long)? metrics = terms.WantsMetrics ? (group.Partition.Last, time.GetUtcNow().ToUnixTimeMilliseconds()) : null;
        for (var i = 0; i < Turn; i++)
        {
            if (Available <= 0)
                return false;
            if (!reader.TryRead(out var one))
            {
                CompleteDrain();
                return false;
            }
            Send(new Message(), EventWriter.Write(one, metrics));
        }
        return true;
    }
}
