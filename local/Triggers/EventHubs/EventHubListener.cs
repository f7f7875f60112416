using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Local.Triggers.EventHubs.Ownership;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>
/// Claims partitions of a hub for one function, beside the other processes that do, and keeps a reader on each that it owns. What it owns it
/// says again at every interval; what was not said for the expiration time is another's to take.
/// </summary>
internal sealed partial class EventHubListener(
    PartitionBlobs blobs,
    HubConnections connections,
    string hub,
    Func<string, PartitionReader> read,
    EventHubSettings settings,
    TimeProvider time,
    ILogger logger
) : IListener, IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly string _me = Guid.CreateVersion7().ToString();
    private readonly Dictionary<string, OwnedPartition> _owned = new(StringComparer.Ordinal);
    private readonly List<Task> _leaving = [];

    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var outage = new Outage(logger, $"the partitions of hub '{hub}'");
        if (await PartitionsAsync(stop) is not { } partitions)
            return;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await BalanceAsync(partitions, stop, abort);
                outage.End();
            }
            catch (Exception e) when (Outage.IsOne(e, stop))
            {
                // What is read goes on being read: while storage is away nobody else can take it either.
                outage.Begin(e);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
            await Pause.For(outage.IsOn ? outage.NextPause() : settings.BalancingInterval, time, stop);
        }
        await Task.WhenAll([.. _leaving, .. _owned.Values.Select(o => o.Reading)]);
        await GiveUpAsync(abort);
        await connections.DisposeAsync();
    }

    public void Dispose()
    {
        foreach (var partition in _owned.Values)
            partition.Dispose();
    }

    private async Task<IReadOnlyList<string>?> PartitionsAsync(CancellationToken stop)
    {
        var pause = FirstPause;
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                return await (await connections.GetAsync(stop)).PartitionsAsync(hub, stop);
            }
            catch (HubException e)
            {
                if (told != e.Message)
                    Away(logger, hub, told = e.Message);
                await Pause.For(pause, time, stop);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }
        }
        return null;
    }

    private async Task BalanceAsync(IReadOnlyList<string> partitions, CancellationToken stop, CancellationToken abort)
    {
        await blobs.CreateContainerAsync(stop);
        await RenewAsync(stop);
        while (!stop.IsCancellationRequested)
        {
            var seen = await blobs.OwnershipsAsync(stop);
            var now = time.GetUtcNow();
            var alive = seen.Where(o => o.Owner.Length > 0 && now - o.LastModified < settings.OwnershipExpiration).ToList();
            if (Balance.Next(partitions, alive, _me, RandomNumberGenerator.GetInt32) is not { } next)
                return;
            var etag = seen.FirstOrDefault(o => o.Id == next)?.ETag;
            if (await blobs.TrySetOwnerAsync(next, etag, _me, stop) is not { } mine)
                continue;
            Leave(next);
            _owned[next] = new OwnedPartition(mine, read(next), stop, abort);
            Claimed(logger, next, hub);
        }
    }

    private async Task RenewAsync(CancellationToken stop)
    {
        _leaving.RemoveAll(t => t.IsCompleted);
        foreach (var (id, partition) in _owned.ToList())
        {
            if (await blobs.TrySetOwnerAsync(id, partition.Ownership.ETag, _me, stop) is { } renewed)
            {
                partition.Ownership = renewed;
                partition.ReadOn();
                continue;
            }
            Lost(logger, id, hub);
            Leave(id);
        }
    }

    /// <summary>Without waiting: a function that hangs in one partition must not cost us the others.</summary>
    private void Leave(string partition)
    {
        if (_owned.Remove(partition, out var lost))
            _leaving.Add(lost.LeaveAsync());
    }

    private async Task GiveUpAsync(CancellationToken abort)
    {
        foreach (var (id, partition) in _owned)
        {
            try
            {
                await blobs.TrySetOwnerAsync(id, partition.Ownership.ETag, "", abort);
            }
            catch (Exception e) when (Outage.IsOne(e, CancellationToken.None))
            {
                // It expires.
            }
        }
    }

    [LoggerMessage(55, LogLevel.Debug, "Claimed partition {Partition} of hub '{Hub}'")]
    private static partial void Claimed(ILogger logger, string partition, string hub);

    [LoggerMessage(56, LogLevel.Information, "Partition {Partition} of hub '{Hub}' was taken by another process")]
    private static partial void Lost(ILogger logger, string partition, string hub);

    [LoggerMessage(57, LogLevel.Warning, "Hub '{Hub}' cannot be reached: {Reason} It is tried again until it can")]
    private static partial void Away(ILogger logger, string hub, string reason);
}
