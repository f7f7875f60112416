namespace Serverless.GpuWorker.Spot;

/// <summary>
/// Whether this machine is about to go. Announced by the watch, heeded by the loop (no new job) and by the job at work (save, hand back); may be
/// withdrawn, then work goes on.
/// </summary>
internal sealed class Departure(TimeProvider time) : IDisposable
{
    private readonly Lock gate = new();
    private CancellationTokenSource announced = new();
    private TaskCompletionSource withdrawn = Done();
    private TaskCompletionSource idle = Done();

    /// <summary>Why, for people; null while nothing is announced.</summary>
    public string? Why { get; private set; }

    public bool IsAnnounced => Leaving.IsCancellationRequested;

    /// <summary>Cancelled when a departure is announced; another one after each that was withdrawn.</summary>
    public CancellationToken Leaving
    {
        get
        {
            lock (gate)
            {
                return announced.Token;
            }
        }
    }

    /// <summary>When the machine goes at the earliest; all is to be handed back before.</summary>
    public DateTimeOffset Until { get; private set; }

    /// <summary>Time that is left, never negative.</summary>
    public TimeSpan Left => Until - time.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>How many pauses of the machine were announced: a job saves once for each and goes on.</summary>
    public int Freezes { get; private set; }

    /// <summary>Ends when no job is at work here.</summary>
    public Task Idle
    {
        get
        {
            lock (gate)
            {
                return idle.Task;
            }
        }
    }

    /// <summary>Ends when no departure is announced.</summary>
    public Task Withdrawn
    {
        get
        {
            lock (gate)
            {
                return withdrawn.Task;
            }
        }
    }

    public void Announce(string why, DateTimeOffset until)
    {
        CancellationTokenSource now;
        lock (gate)
        {
            if (announced.IsCancellationRequested)
            {
                Until = until < Until ? until : Until;
                return;
            }

            (Why, Until) = (why, until);
            withdrawn = New();
            now = announced;
        }

        now.Cancel();
    }

    public void Withdraw()
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            if (!announced.IsCancellationRequested)
            {
                return;
            }

            Why = null;
            announced = new CancellationTokenSource();
            waiting = withdrawn;
        }

        waiting.SetResult();
    }

    public void AnnounceFreeze() => Freezes++;

    /// <summary>A job is at work until this is disposed.</summary>
    public IDisposable AtWork()
    {
        lock (gate)
        {
            idle = New();
            return new Work(idle);
        }
    }

    public void Dispose() => announced.Dispose();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Done()
    {
        var done = New();
        done.SetResult();
        return done;
    }

    private sealed class Work(TaskCompletionSource idle) : IDisposable
    {
        public void Dispose() => idle.TrySetResult();
    }
}
