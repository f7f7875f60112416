using Serverless.Local.Durable;
using Serverless.Local.Logs;

namespace Serverless.Bench.Durable;

/// <summary>
/// The floor under the engine: the appends that orchestrations made, made again on a log with nothing above it. Each orchestration's
/// next append waits until its last one is on the disk, as in the engine.
/// </summary>
internal sealed class BareLog(string folder) : IAsyncDisposable
{
    private readonly SegmentedLog log = SegmentedLog.Open(folder, new LogOptions());

    /// <summary>The appends of one orchestration, out of the log of a stopped engine.</summary>
    public static async Task<byte[][]> AppendsOfAsync(DurableOptions options, string instanceId)
    {
        await using var stopped = SegmentedLog.Open(Path.Combine(options.Folder, options.HubName), new LogOptions());
        var tag = HistoryStore.Tag(instanceId);
        byte[][] appends =
        [
            .. stopped.ReadFrom(stopped.Start).Where(record => record.Tag == tag).Select(record => record.Payload.ToArray()),
        ];
        return appends.Length > 0 ? appends : throw new InvalidOperationException($"The log has no record of {instanceId}.");
    }

    /// <summary>All at once.</summary>
    public Task ManyAsync(byte[][] appends, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => OneAsync(appends, (ulong)i))));

    /// <summary>So many at any time, the next when one has ended.</summary>
    public Task InFlightAsync(byte[][] appends, int count, int inFlight) =>
        Task.WhenAll(
            Enumerable
                .Range(0, inFlight)
                .Select(lane =>
                    Task.Run(async () =>
                    {
                        for (var i = 0; i < count / inFlight; i++)
                        {
                            await OneAsync(appends, (ulong)lane);
                        }
                    })
                )
        );

    public async Task OneAsync(byte[][] appends, ulong tag)
    {
        foreach (var payload in appends)
        {
            await log.Append(tag, payload).Durable;
        }
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
