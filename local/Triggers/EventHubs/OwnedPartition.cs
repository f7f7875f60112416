using Serverless.Local.Triggers.EventHubs.Ownership;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>A partition that this process owns, and its one reader.</summary>
internal sealed class OwnedPartition : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenSource _abort;
    private readonly PartitionReader _reader;

    /// <param name="ownership">As it was just written.</param>
    /// <param name="reader">Starts to read at once.</param>
    /// <param name="stop">Ends the reading after the batch that runs.</param>
    /// <param name="abort">Cancels that batch too.</param>
    public OwnedPartition(PartitionOwnership ownership, PartitionReader reader, CancellationToken stop, CancellationToken abort)
    {
        Ownership = ownership;
        _reader = reader;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _abort = CancellationTokenSource.CreateLinkedTokenSource(abort);
        Reading = Start();
    }

    public PartitionOwnership Ownership { get; set; }

    public Task Reading { get; private set; }

    /// <summary>Starts again when the link was taken by a reader that does not go by the blobs.</summary>
    public void ReadOn()
    {
        if (Reading.IsCompleted && !_stop.IsCancellationRequested)
            Reading = Start();
    }

    /// <summary>The partition is another's: what runs is cancelled, and its checkpoint stays unwritten.</summary>
    public async Task LeaveAsync()
    {
        await _abort.CancelAsync();
        await _stop.CancelAsync();
        await Reading;
        Dispose();
    }

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }

    private Task Start() => Task.Run(() => _reader.RunAsync(_stop.Token, _abort.Token), CancellationToken.None);
}
