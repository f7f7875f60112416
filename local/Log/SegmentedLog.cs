using System.Diagnostics;

namespace Serverless.Local.Logs;

/// <summary>
/// An append-only log in segments. One thread gathers what is appended meanwhile, writes it at once and flushes once for all.
/// A position is the number of bytes before a record since the log began; it never changes and never comes back.
/// </summary>
internal sealed class SegmentedLog : IAsyncDisposable
{
    private const int KeptBufferBytes = 8 * 1024 * 1024;

    private readonly object gate = new();
    private readonly string folder;
    private readonly LogOptions options;
    private readonly SegmentList segments;
    private readonly Thread writer;
    private readonly TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? fault;
    private byte[] filling = new byte[64 * 1024];
    private byte[] writing = new byte[64 * 1024];
    private int filled;
    private int records;
    private long next;
    private long end;
    private TaskCompletionSource batch = NewBatch();
    private long? unflushedSince;
    private bool closing;
    private bool broken;

    private SegmentedLog(string folder, LogOptions options, SegmentList segments)
    {
        this.folder = folder;
        this.options = options;
        this.segments = segments;
        next = end = segments.Active.End;
        writer = new Thread(WriteLoop) { IsBackground = true, Name = "log " + Path.GetFileName(folder) };
        writer.Start();
    }

    /// <summary>First position that is still there.</summary>
    public long Start => segments.Start;

    /// <summary>Everything before this position is on the disk, as far as <see cref="LogOptions.FlushInterval"/> promises it.</summary>
    public long End => Volatile.Read(ref end);

    /// <summary>Bytes on the disk.</summary>
    public long Bytes => End - Start;

    /// <summary>Why nothing can be written at the moment; null when all is well.</summary>
    public Exception? Fault => fault;

    /// <summary>End of the oldest segment that is not written any more; null when there is none.</summary>
    public long? EndOfOldest => segments.EndOfOldest;

    /// <summary>First positions of the segments, oldest first; the last may have no record yet.</summary>
    public IReadOnlyList<long> SegmentStarts => segments.Starts;

    /// <summary>Opens the log of a folder and cuts a torn tail at the last whole record. The caller holds the folder's lock.</summary>
    public static SegmentedLog Open(string folder, LogOptions options)
    {
        Directory.CreateDirectory(folder);
        var found = Segment.OpenAll(folder);
        if (found.Count == 0)
            found.Add(Segment.Create(folder, 0));
        TornTail.Cut(found[^1]);
        return new SegmentedLog(folder, options, new SegmentList(folder, found));
    }

    /// <summary>Takes a copy of the payload; it is in the log for good when the returned task has completed.</summary>
    public Appended Append(ulong tag, ReadOnlySpan<byte> payload)
    {
        var checksum = Frame.Checksum(payload);
        lock (gate)
        {
            if (broken || closing)
                throw new IOException("The log takes no more records: " + (fault?.Message ?? "it is closed."), fault);
            var size = Frame.HeaderBytes + payload.Length;
            if (filling.Length - filled < size)
                Array.Resize(ref filling, (int)Math.Min(Array.MaxLength, Math.Max((long)filling.Length * 2, (long)filled + size)));
            var position = next;
            Frame.Write(filling.AsSpan(filled), position, tag, payload, checksum);
            if (filled == 0)
                Monitor.Pulse(gate);
            filled += size;
            next += size;
            Volatile.Write(ref records, records + 1);
            return new Appended(position, batch.Task);
        }
    }

    /// <summary>One record that is on the disk.</summary>
    public LogRecord Read(long position) => LogReader.Read(segments.Find(position), position);

    /// <summary>The records from a position to the end at the time of the call; damaged ones are marked and stepped over.</summary>
    public IEnumerable<LogRecord> ReadFrom(long position) => segments.ReadFrom(position, End);

    /// <summary>Deletes the segments that lie wholly before a position.</summary>
    public void DropBefore(long position) => segments.DropBefore(position);

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closing = true;
            Monitor.Pulse(gate);
        }
        await stopped.Task;
        segments.Dispose();
    }

    private static TaskCompletionSource NewBatch() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void WriteLoop()
    {
        var gathering = new Gathering(TimeProvider.System);
        while (true)
        {
            int count;
            TaskCompletionSource done;
            lock (gate)
            {
                while (filled == 0 && !closing && UntilFlush() is var wait && wait != TimeSpan.Zero)
                    Monitor.Wait(gate, wait);
            }
            gathering.Wait(ref records);
            lock (gate)
            {
                if (filled == 0 && closing && unflushedSince is null)
                    break;
                (filling, writing) = (writing, filling);
                (count, filled) = (filled, 0);
                gathering.Begin(records);
                records = 0;
                (done, batch) = count > 0 ? (batch, NewBatch()) : (NewBatch(), batch);
            }
            try
            {
                if (count > 0)
                    Commit(writing.AsMemory(0, count));
                if (count == 0 || UntilFlush() == TimeSpan.Zero)
                    FlushPending();
                gathering.End(Volatile.Read(ref records));
                done.SetResult();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                unflushedSince = null;
                Break(exception, done);
            }
            if (writing.Length > KeptBufferBytes)
                writing = new byte[64 * 1024];
        }
        stopped.SetResult();
    }

    private void Commit(ReadOnlyMemory<byte> bytes)
    {
        var active = segments.Active;
        if (active.Length >= options.SegmentBytes)
        {
            FlushPending();
            WhenThereIsRoom(() => segments.Begin(options.Create), bytes.Length);
        }
        active = WriteWhole(bytes);
        if (options.FlushInterval != TimeSpan.Zero)
            unflushedSince ??= Stopwatch.GetTimestamp();
        active.Length += bytes.Length;
        Volatile.Write(ref end, active.End);
    }

    /// <summary>How long what is written may still wait for its flush; infinite when nothing does.</summary>
    private TimeSpan UntilFlush()
    {
        if (unflushedSince is not { } since || options.FlushInterval == Timeout.InfiniteTimeSpan)
            return Timeout.InfiniteTimeSpan;
        var rest = options.FlushInterval - Stopwatch.GetElapsedTime(since);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    private void FlushPending()
    {
        if (unflushedSince is null)
            return;
        options.Flush(segments.Active.File);
        unflushedSince = null;
    }

    /// <summary>Writes a group, and flushes it where that is promised, into the segment it returns.</summary>
    private Segment WriteWhole(ReadOnlyMemory<byte> bytes)
    {
        var unsure = false;
        return WhenThereIsRoom(
            () =>
            {
                // A flush that failed may have taken its pages for written, and the next one of the same file would not miss them. So the group goes
                // into another; what the old one has of it lies behind the next one's start, where no reader looks.
                if (unsure)
                    segments.Begin(options.Create);
                unsure = false;
                var active = segments.Active;
                options.Write(active.File, bytes, active.Length);
                unsure = options.FlushInterval == TimeSpan.Zero;
                if (unsure)
                    options.Flush(active.File);
                return active;
            },
            bytes.Length
        );
    }

    /// <summary>A full disk is waited out: what was promised to be written comes before what asks now.</summary>
    private T WhenThereIsRoom<T>(Func<T> act, int waiting)
    {
        while (true)
        {
            try
            {
                var done = act();
                if (fault is not null)
                {
                    fault = null;
                    options.OnFault?.Invoke(null);
                }
                return done;
            }
            catch (IOException exception) when (DiskFull.Is(exception))
            {
                if (fault is null)
                {
                    fault = new IOException(
                        $"The disk with the log in {folder} is full ({waiting} bytes wait to be written). Free some space: the work goes on by itself.",
                        exception
                    );
                    options.OnFault?.Invoke(fault);
                }
            }
            lock (gate)
            {
                if (closing)
                    throw new IOException(fault!.Message, fault);
                Monitor.Wait(gate, options.FullDiskRetry);
            }
        }
    }

    /// <summary>After a failed flush nobody knows what is on the disk: nothing more is promised until a restart reads it.</summary>
    private void Break(Exception exception, TaskCompletionSource done)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            broken = true;
            filled = 0;
            fault = exception;
            waiting = batch;
        }
        options.OnFault?.Invoke(exception);
        done.SetException(exception);
        waiting.TrySetException(exception);
    }
}
