using Azure.Messaging.EventHubs;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Local.Triggers.EventHubs.Ownership;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>
/// Reads one partition for one function, a batch at a time: the next batch waits until the function and its outputs are done with this one
/// and the checkpoint is written. The checkpoint moves whatever the outcome, as on the platform, but not when the function was cancelled.
/// </summary>
internal sealed partial class PartitionReader(
    PartitionContext partition,
    FunctionRunner runner,
    HubConnections connections,
    PartitionBlobs blobs,
    EventHubSettings settings,
    bool batched,
    TimeProvider time,
    ILogger logger
)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private string? _position;
    private int _batches;

    /// <summary>Reads until <paramref name="stop"/>, then ends the batch that runs; <paramref name="abort"/> cancels that too.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var pause = FirstPause;
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _position ??= (await blobs.CheckpointAsync(partition.PartitionId, stop))?.Position ?? settings.InitialPosition;
                await using var receiver = await PartitionReceiver.OpenAsync(
                    await connections.GetAsync(stop),
                    AmqpNames.PartitionPath(partition.EventHubName, partition.ConsumerGroup, partition.PartitionId),
                    _position,
                    Math.Max(settings.PrefetchCount, settings.MaxEventBatchSize),
                    runner.Name,
                    stop
                );
                (pause, told) = (FirstPause, null);
                Opened(logger, partition.EventHubName, partition.PartitionId, runner.Name, _position);
                await ReadAsync(receiver, stop, abort);
            }
            catch (HubException e) when (e.Condition == AmqpNames.LinkStolen)
            {
                Stolen(logger, partition.EventHubName, partition.PartitionId, e.Message);
                // Should it come back to us, others have moved its checkpoint meanwhile.
                _position = null;
                return;
            }
            catch (HubException e) when (e.Condition == AmqpNames.ArgumentError && _position != settings.InitialPosition)
            {
                // The hub was made anew, and the checkpoint speaks of the old one.
                BeyondTheEnd(logger, partition.EventHubName, partition.PartitionId, _position!, e.Message);
                _position = settings.InitialPosition;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested || abort.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (told != e.Message)
                    Away(logger, partition.EventHubName, partition.PartitionId, told = e.Message);
                await Pause.For(pause, time, stop);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    private async Task ReadAsync(PartitionReceiver receiver, CancellationToken stop, CancellationToken abort)
    {
        while (!stop.IsCancellationRequested)
        {
            var events = await receiver.ReadAsync(settings.MaxEventBatchSize, settings.MinEventBatchSize, settings.MaxWaitTime, time, stop);
            if (events.Count == 0)
                continue;
            if (batched)
                await InvokeAsync(events, stop, abort);
            else
                await Task.WhenAll(events.Select(e => InvokeAsync([e], stop, abort)));
            // Cancelled, the function may have done nothing: the events come again, here or to the new owner.
            abort.ThrowIfCancellationRequested();
            var last = events[^1];
            _position = Positions.After(last.OffsetString!);
            if (++_batches % settings.BatchCheckpointFrequency == 0)
                await CheckpointAsync(last, abort);
        }
    }

    private Task<bool> InvokeAsync(IReadOnlyList<EventData> events, CancellationToken stop, CancellationToken abort)
    {
        var input = new EventHubInput(partition, events);
        return runner.RunAsync(input, new TriggerFacts(new EventHubFacts(input, batched)), abort, stop);
    }

    private async Task CheckpointAsync(EventData last, CancellationToken abort)
    {
        try
        {
            await blobs.WriteCheckpointAsync(partition.PartitionId, last.OffsetString!, last.SequenceNumber, abort);
        }
        catch (Exception e) when (Outage.IsOne(e, abort))
        {
            // The next one says more than this would have; a crash before it makes events come twice.
            NotWritten(logger, partition.EventHubName, partition.PartitionId, last.SequenceNumber, e.Message.Split('\n')[0].Trim());
        }
    }

    [LoggerMessage(50, LogLevel.Information, "Partition {Partition} of hub '{Hub}' is read for function '{Function}' from {Position}")]
    private static partial void Opened(ILogger logger, string hub, string partition, string function, string position);

    [LoggerMessage(51, LogLevel.Information, "Partition {Partition} of hub '{Hub}' has another reader now: {Reason}")]
    private static partial void Stolen(ILogger logger, string hub, string partition, string reason);

    [LoggerMessage(
        52,
        LogLevel.Warning,
        "Partition {Partition} of hub '{Hub}' ends before its checkpoint ({Position}); the hub was made anew, and is read from its initial position: {Reason}"
    )]
    private static partial void BeyondTheEnd(ILogger logger, string hub, string partition, string position, string reason);

    [LoggerMessage(53, LogLevel.Warning, "Partition {Partition} of hub '{Hub}' cannot be read: {Reason} It is tried again until it can")]
    private static partial void Away(ILogger logger, string hub, string partition, string reason);

    [LoggerMessage(
        54,
        LogLevel.Warning,
        "The checkpoint of partition {Partition} of hub '{Hub}' at {Sequence} could not be written: {Error}"
    )]
    private static partial void NotWritten(ILogger logger, string hub, string partition, long sequence, string error);
}
