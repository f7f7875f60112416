using System.Globalization;
using System.Text;
using Serverless.Local.Logs;
using Serverless.Testing;

namespace Serverless.Local.Tests.Log;

public sealed class SegmentedLogTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("log-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Append_ManyProducers_AllAreReadBackInOrderOfPosition()
    {
        var options = new LogOptions { SegmentBytes = 16 * 1024 };
        await using (var log = SegmentedLog.Open(folder.FullName, options))
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, 16)
                    .Select(producer =>
                        Task.Run(async () =>
                        {
                            for (var i = 0; i < 200; i++)
                            {
                                var appended = log.Append((ulong)producer, Bytes($"{producer}:{i}"));
                                await appended.Durable;
                                Assert.Equal($"{producer}:{i}", Text(log.Read(appended.Position)));
                            }
                        })
                    )
            );
        }

        await using var again = SegmentedLog.Open(folder.FullName, options);
        var seen = new int[16];
        long last = -1;
        foreach (var record in again.ReadFrom(0))
        {
            Assert.False(record.IsDamaged);
            Assert.True(record.Position > last);
            last = record.Position;
            Assert.Equal($"{record.Tag}:{seen[record.Tag]++}", Text(record));
        }
        Assert.All(seen, count => Assert.Equal(200, count));
        Assert.True(Directory.GetFiles(folder.FullName, "*.log").Length > 3);
    }

    [Fact]
    public async Task Open_TornAtEveryByteOfTheLastRecord_KeepsTheWholeOnes()
    {
        await FillAsync(3);
        var file = Directory.GetFiles(folder.FullName, "*.log").Single();
        var whole = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var record = whole.Length / 3;
        for (var length = 2 * record; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(file, whole[..length], TestContext.Current.CancellationToken);

            await using var log = SegmentedLog.Open(folder.FullName, new LogOptions());

            Assert.Equal(["record 0", "record 1"], log.ReadFrom(0).Select(Text));
            Assert.Equal(2 * record, log.End);
        }
    }

    [Fact]
    public async Task Open_AfterTornTail_GoesOnBehindTheLastWholeRecord()
    {
        await FillAsync(2);
        var file = Directory.GetFiles(folder.FullName, "*.log").Single();
        await File.AppendAllBytesAsync(file, new byte[100], TestContext.Current.CancellationToken);

        await using (var log = SegmentedLog.Open(folder.FullName, new LogOptions()))
            await log.Append(0, Bytes("next")).Durable;

        await using var again = SegmentedLog.Open(folder.FullName, new LogOptions());
        Assert.Equal(["record 0", "record 1", "next"], again.ReadFrom(0).Select(Text));
    }

    [Theory]
    [InlineData(5, 0UL)]
    [InlineData(22, 1UL)]
    public async Task ReadFrom_DamagedRecordInTheMiddle_IsMarkedAndSteppedOver(int atByte, ulong tag)
    {
        await FillAsync(3);
        var file = Directory.GetFiles(folder.FullName, "*.log").Single();
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[(bytes.Length / 3) + atByte] ^= 0xFF;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var log = SegmentedLog.Open(folder.FullName, new LogOptions());

        List<(bool, ulong)> records = [.. log.ReadFrom(0).Select(record => (record.IsDamaged, record.Tag))];
        Assert.Equal([(false, 0UL), (true, tag), (false, 2UL)], records);
    }

    [Fact]
    public async Task DropBefore_OldSegments_AreDeletedAndTheRestStays()
    {
        await using var log = SegmentedLog.Open(folder.FullName, new LogOptions { SegmentBytes = 100 });
        for (var i = 0; i < 50; i++)
            await log.Append(0, Bytes($"record {i}")).Durable;
        var middle = log.ReadFrom(0).Skip(25).First().Position;

        log.DropBefore(middle);

        Assert.True(log.Start <= middle && log.Start > 0);
        Assert.Equal("record 49", Text(log.ReadFrom(middle).Last()));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(0));
    }

    [Fact]
    public async Task Append_FullDisk_WaitsAndLosesNothing()
    {
        var full = true;
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new LogOptions
        {
            FullDiskRetry = TimeSpan.FromMilliseconds(5),
            OnFault = fault =>
            {
                if (fault is not null)
                    told.TrySetResult();
            },
            Write = (file, bytes, offset) =>
            {
                if (Volatile.Read(ref full))
                    throw new IOException("No space left on device", 28);
                RandomAccess.Write(file, bytes.Span, offset);
            },
        };
        await using var log = SegmentedLog.Open(folder.FullName, options);
        var first = log.Append(0, Bytes("first"));
        await told.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        Assert.Contains("is full", log.Fault!.Message, StringComparison.Ordinal);
        var second = log.Append(0, Bytes("second"));
        Assert.False(first.Durable.IsCompleted);

        Volatile.Write(ref full, false);
        await Task.WhenAll(first.Durable, second.Durable);

        Assert.Null(log.Fault);
        Assert.Equal(["first", "second"], log.ReadFrom(0).Select(Text));
    }

    [Fact]
    public async Task Append_NoRoomForTheNextSegment_WaitsAndLosesNothing()
    {
        var full = false;
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = new LogOptions
        {
            SegmentBytes = 1,
            FullDiskRetry = TimeSpan.FromMilliseconds(5),
            OnFault = fault =>
            {
                if (fault is not null)
                    told.TrySetResult();
            },
            Create = (place, start) =>
                Volatile.Read(ref full) ? throw new IOException("No space left on device", 28) : Segment.Create(place, start),
        };
        await using var log = SegmentedLog.Open(folder.FullName, options);
        await log.Append(0, Bytes("first")).Durable;
        Volatile.Write(ref full, true);
        var second = log.Append(0, Bytes("second"));
        await told.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        Assert.Contains("is full", log.Fault!.Message, StringComparison.Ordinal);
        Assert.False(second.Durable.IsCompleted);

        Volatile.Write(ref full, false);
        await second.Durable;

        Assert.Null(log.Fault);
        Assert.Equal(["first", "second"], log.ReadFrom(0).Select(Text));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Append_FlushOnAFullDisk_WritesItAgainIntoANewSegmentAndLosesNothing(int before)
    {
        var (full, failed) = (false, 0);
        var options = new LogOptions
        {
            FullDiskRetry = TimeSpan.FromMilliseconds(5),
            Flush = file =>
            {
                if (Volatile.Read(ref full))
                {
                    Interlocked.Increment(ref failed);
                    throw new IOException("No space left on device", 28);
                }
                RandomAccess.FlushToDisk(file);
            },
        };
        string[] all;
        await using (var log = SegmentedLog.Open(folder.FullName, options))
        {
            for (var i = 0; i < before; i++)
                await log.Append(0, Bytes($"before {i}")).Durable;
            Volatile.Write(ref full, true);
            var first = log.Append(0, Bytes("first"));
            await Eventually.HoldsAsync(() => Volatile.Read(ref failed) >= 3, "three flushes", TestContext.Current.CancellationToken);
            Assert.Contains("is full", log.Fault!.Message, StringComparison.Ordinal);
            var second = log.Append(0, Bytes("second"));
            Assert.False(first.Durable.IsCompleted);

            Volatile.Write(ref full, false);
            await Task.WhenAll(first.Durable, second.Durable);

            Assert.Null(log.Fault);
            all = [.. Enumerable.Range(0, before).Select(i => $"before {i}"), "first", "second"];
            Assert.Equal(all, log.ReadFrom(0).Select(Text));
            Assert.Equal("first", Text(log.Read(first.Position)));
            Assert.Equal(before > 0 ? 2 : 1, log.SegmentStarts.Count);
        }

        // The file of the failed flush has the first record as well.
        await using var again = SegmentedLog.Open(folder.FullName, new LogOptions());
        Assert.Equal(all, again.ReadFrom(0).Select(Text));
        await again.Append(0, Bytes("after")).Durable;
        Assert.Equal("after", Text(again.ReadFrom(0).Last()));
    }

    [Fact]
    public async Task Append_FlushFailsOtherwise_FailsAllThatWait()
    {
        var options = new LogOptions { Flush = _ => throw new IOException("Input/output error", 5) };
        await using var log = SegmentedLog.Open(folder.FullName, options);

        await Assert.ThrowsAsync<IOException>(() => log.Append(0, Bytes("lost")).Durable);

        Assert.Throws<IOException>(() => log.Append(0, Bytes("more")));
    }

    [Fact]
    public async Task Append_NextSegmentCannotBeMade_FailsWhatWaitsAndKeepsTheRest()
    {
        var options = new LogOptions
        {
            SegmentBytes = 1,
            Create = (place, start) => start > 0 ? throw new IOException("Input/output error", 5) : Segment.Create(place, start),
        };
        await using (var log = SegmentedLog.Open(folder.FullName, options))
        {
            await log.Append(0, Bytes("first")).Durable;
            await Assert.ThrowsAsync<IOException>(() => log.Append(0, Bytes("lost")).Durable);
            Assert.Throws<IOException>(() => log.Append(0, Bytes("more")));
        }

        await using var again = SegmentedLog.Open(folder.FullName, new LogOptions());
        await again.Append(0, Bytes("after")).Durable;
        Assert.Equal(["first", "after"], again.ReadFrom(0).Select(Text));
    }

    [Fact]
    public async Task Append_BrokenDisk_FailsAllThatWait()
    {
        var options = new LogOptions { Write = (_, _, _) => throw new IOException("Input/output error", 5) };
        await using var log = SegmentedLog.Open(folder.FullName, options);

        await Assert.ThrowsAsync<IOException>(() => log.Append(0, Bytes("lost")).Durable);

        Assert.Throws<IOException>(() => log.Append(0, Bytes("more")));
    }

    [Fact]
    public async Task AcquireAsync_SecondOwner_WaitsUntilTheFirstLeaves()
    {
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await FolderLock.AcquireAsync(folder.FullName, TimeProvider.System, null, TestContext.Current.CancellationToken);
        var second = FolderLock.AcquireAsync(folder.FullName, TimeProvider.System, waits.SetResult, TestContext.Current.CancellationToken);
        await waits.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
        Assert.False(second.IsCompleted);

        first.Dispose();

        (await second.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken)).Dispose();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(LogRecord record) => Encoding.UTF8.GetString(record.Payload.Span);

    private async Task FillAsync(int records)
    {
        await using var log = SegmentedLog.Open(folder.FullName, new LogOptions());
        for (var i = 0; i < records; i++)
            await log.Append((ulong)i, Bytes("record " + i.ToString(CultureInfo.InvariantCulture))).Durable;
    }
}
