using Serverless.Local.Logs;

namespace Serverless.Local.EventHubs;

/// <summary>
/// One partition: a log of its own. A publish has its sequence number and time under the lock, is acknowledged when the log has
/// it for good, and is seen by readers from then on.
/// </summary>
internal sealed class Partition : IAsyncDisposable
{
    /// <summary>Tag of a record of producers; records of events bear their first sequence number.</summary>
    public const ulong ProducersTag = ulong.MaxValue;

    private readonly Lock gate = new();
    private readonly PartitionOptions options;
    private readonly SegmentedLog log;
    private readonly PartitionIndex index;
    private readonly ProducerTable producers;
    private PartitionState accepted;
    private PartitionState durable;
    private long lastSnapshot;
    private CommitGroup? group;

    private Partition(PartitionOptions options, SegmentedLog log, Recovered found)
    {
        (this.options, this.log) = (options, log);
        (index, producers, lastSnapshot) = (found.Index, found.Producers, found.LastSnapshot);
        accepted = durable = found.Last;
    }

    /// <summary>Called after new events can be read; not under a lock.</summary>
    public Action Grown { get; set; } = static () => { };

    public SegmentedLog Log => log;

    public PartitionIndex Index => index;

    public string Id => options.Id;

    /// <summary>The newest event that is acknowledged and can be read.</summary>
    public PartitionState Last
    {
        get
        {
            lock (gate)
                return durable;
        }
    }

    /// <summary>The newest event that has its place, though it may not be on the disk yet.</summary>
    public PartitionState Newest
    {
        get
        {
            lock (gate)
                return accepted;
        }
    }

    public static Partition Open(PartitionOptions options)
    {
        var found = SegmentedLog.Open(
            options.Folder,
            new LogOptions
            {
                SegmentBytes = options.SegmentBytes,
                FlushInterval = options.Flush,
                OnFault = options.OnFault,
            }
        );
        return new Partition(options, found, PartitionRecovery.Run(found));
    }

    /// <summary>Sequence number of the oldest event that is still there; the next one's when there is none.</summary>
    public long FirstSequence
    {
        get
        {
            using var reader = new PartitionReader(this, StartPosition.Earliest);
            return reader.TryRead(out var first) ? first.Sequence : Newest.Sequence + 1;
        }
    }

    /// <summary>What is known of an idempotent producer; null when nothing.</summary>
    public ProducerState? FindProducer(long id)
    {
        lock (gate)
            return producers.Find(id);
    }

    /// <summary>Appends the events; the acknowledgement comes later, on another thread.</summary>
    /// <exception cref="Amqp.AmqpException">Refused; nothing is stored and nothing more is told.</exception>
    public void Publish(RecordBuilder record, Acknowledgement acknowledgement)
    {
        if (log.Fault is { } fault)
            throw BrokerErrors.New(BrokerErrors.ServerBusy, $"The events cannot be stored at the moment. {fault.Message}");
        var isDuplicate = false;
        lock (gate)
        {
            if (record.Producer is { } stamp)
                isDuplicate = IsDuplicate(stamp, record.Count);
            if (!isDuplicate)
                Append(record, acknowledgement);
            else if (group is { } last)
            {
                // The first copy may still be on its way to the disk.
                last.Add(acknowledgement, last.Last);
                return;
            }
        }
        if (isDuplicate)
            acknowledgement.Tell(acknowledgement.State, null);
    }

    /// <summary>Drops whole segments whose newest event is too old, or that are over the size.</summary>
    public async Task RetainAsync(CancellationToken cancellationToken)
    {
        var oldest = options.Time.GetUtcNow().ToUnixTimeMilliseconds() - (long)options.Retention.TotalMilliseconds;
        var before = Retention.DropBefore(log, options.RetentionBytes, oldest);
        if (before <= log.Start)
            return;
        Task written;
        lock (gate)
        {
            producers.Forget(oldest);
            written = lastSnapshot < before ? Snapshot() : Task.CompletedTask;
        }
        await written.WaitAsync(cancellationToken);
        log.DropBefore(before);
        index.DropBefore(log.Start);
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();

    private bool IsDuplicate(ProducerStamp stamp, int count) =>
        producers.Judge(stamp, count) switch
        {
            ProducerVerdict.Store => false,
            ProducerVerdict.Duplicate => true,
            ProducerVerdict.EpochStolen => throw BrokerErrors.New(
                BrokerErrors.ProducerEpochStolen,
                $"Producer {stamp.Id} sent with epoch {stamp.Epoch}, but a producer with epoch {producers.Find(stamp.Id)!.Epoch} is in its place."
            ),
            _ => throw BrokerErrors.New(
                BrokerErrors.OutOfOrder,
                $"Producer {stamp.Id} sent sequence number {stamp.Sequence}; the last one stored is {producers.Find(stamp.Id)!.LastSequence}."
            ),
        };

    private void Append(RecordBuilder record, Acknowledgement acknowledgement)
    {
        // Time never runs back within a partition, whatever the clock does.
        var now = Math.Max(options.Time.GetUtcNow().ToUnixTimeMilliseconds(), accepted.Enqueued);
        var first = accepted.Sequence + 1;
        var appended = log.Append((ulong)first, record.Finish(first, now));
        accepted = new PartitionState(first + record.Count - 1, appended.Position + record.Count - 1, now);
        if (record.Producer is { } stamp)
            producers.Stored(stamp, record.Count, now);
        index.Add(new IndexEntry(first, appended.Position, now));
        if (group is null || group.Durable != appended.Durable)
        {
            group = new CommitGroup(appended.Durable);
            _ = CompleteAsync(group);
        }
        group.Add(acknowledgement, accepted);
        if (appended.Position - lastSnapshot >= options.SegmentBytes)
            _ = Snapshot();
    }

    /// <summary>At least one in any two segments, so that a start need not read the whole log.</summary>
    private Task Snapshot()
    {
        var appended = log.Append(ProducersTag, producers.Write());
        lastSnapshot = appended.Position;
        return appended.Durable;
    }

    private async Task CompleteAsync(CommitGroup committed)
    {
        // Never on the caller's stack: it holds the lock and has not added anything yet.
        await committed.Durable.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (gate)
        {
            if (group == committed)
                group = null;
            if (committed.Durable.IsCompletedSuccessfully)
                durable = committed.Last.Sequence > durable.Sequence ? committed.Last : durable;
        }
        committed.Tell();
        Grown();
    }
}
