namespace Serverless.Local.Hosting;

/// <summary>
/// Keeps what works in the background from taking the processor from the first answer: that waits until the answer is given, somebody waits
/// for the engine, or the server has listened for a moment.
/// </summary>
internal sealed class FirstAnswer
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Over()
    {
        if (!_over.Task.IsCompleted)
            _over.TrySetResult();
    }

    /// <summary>To be called when the server listens.</summary>
    public async Task ListensAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Moment, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Over();
    }

    public Task WhenOver(CancellationToken cancellationToken) => _over.Task.WaitAsync(cancellationToken);
}
