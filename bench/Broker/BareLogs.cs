using Serverless.Local.EventHubs;
using Serverless.Local.Logs;

namespace Serverless.Bench.Broker;

/// <summary>The floor under the broker: the records of the same batches on logs of their own, one a partition, with no AMQP above them.</summary>
internal sealed class BareLogs : IAsyncDisposable
{
    private readonly SegmentedLog[] logs;
    private readonly byte[] record;

    public BareLogs(string folder, int events, int bodyBytes)
    {
        var options = new LogOptions { SegmentBytes = new EventHubsOptions { Folder = folder }.SegmentBytes };
        logs = [.. Enumerable.Range(0, BrokerProcess.Partitions).Select(p => SegmentedLog.Open(Path.Combine(folder, $"{p}"), options))];
        var encoded = AmqpClient.Batch(events, bodyBytes).Encode();
        var builder = new RecordBuilder();
        Envelope.Open(encoded.Buffer.AsSpan(encoded.Offset, encoded.Length), Envelope.BatchFormat, builder);
        record = builder.Finish(0, 0).ToArray();
    }

    /// <summary>Appends so many batches to every log, each when the one before is on the disk.</summary>
    public Task AppendAsync(int batches) =>
        Task.WhenAll(
            logs.Select(log =>
                Task.Run(async () =>
                {
                    for (var i = 0; i < batches; i++)
                    {
                        await log.Append(0, record).Durable;
                    }
                })
            )
        );

    /// <summary>Reads so many batches of every log from the first one on, checksums and all.</summary>
    public Task ReadAsync(int batches) => Task.WhenAll(logs.Select(log => Task.Run(() => Read(log, batches))));

    public async ValueTask DisposeAsync()
    {
        foreach (var log in logs)
        {
            await log.DisposeAsync();
        }
    }

    private static void Read(SegmentedLog log, int batches)
    {
        if (log.ReadFrom(log.Start).Take(batches).Count(one => !one.IsDamaged) != batches)
        {
            throw new InvalidOperationException($"The log has fewer than {batches} sound records.");
        }
    }
}
