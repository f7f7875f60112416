namespace Serverless.Local.Hosting;

/// <summary>The functions of the app, and what waits for work to start them with.</summary>
internal sealed class FunctionApp : IDisposable
{
    public List<(Function Function, OutputBindings Outputs)> Functions { get; } = [];

    public List<IListener> Listeners { get; } = [];

    public void Dispose()
    {
        foreach (var listener in Listeners.OfType<IDisposable>())
            listener.Dispose();
    }
}

/// <summary>Waits for work and runs a function for it.</summary>
internal interface IListener
{
    /// <summary>Runs until <paramref name="stop"/>, then ends what it has taken; functions that still run are told by <paramref name="abort"/>.</summary>
    Task RunAsync(CancellationToken stop, CancellationToken abort);
}
