namespace Serverless.Local.Durable;

/// <summary>Durable timers in the order they are due, with one system timer for the next.</summary>
internal sealed class TimerQueue : IDisposable
{
    // System timers reach about 49 days; a later one is set again on the way.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock gate = new();
    private readonly SortedSet<(long Due, string Id, long Execution, int TaskId)> order = new(
        Comparer<(long Due, string Id, long Execution, int TaskId)>.Create(
            static (a, b) =>
                a.Due.CompareTo(b.Due) is var due and not 0 ? due
                : string.CompareOrdinal(a.Id, b.Id) is var id and not 0 ? id
                : a.Execution.CompareTo(b.Execution) is var execution and not 0 ? execution
                : a.TaskId.CompareTo(b.TaskId)
        )
    );

    private readonly TimeProvider time;
    private readonly Action<string, long, int> onDue;
    private readonly ITimer timer;
    private bool stopped;

    public TimerQueue(TimeProvider time, Action<string, long, int> onDue)
    {
        this.time = time;
        this.onDue = onDue;
        timer = time.CreateTimer(static queue => ((TimerQueue)queue!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(string id, long execution, int taskId, long due)
    {
        lock (gate)
        {
            var item = (due, id, execution, taskId);
            if (!stopped && order.Add(item) && order.Min == item)
                Arm();
        }
    }

    public void Remove(string id, long execution, int taskId, long due)
    {
        lock (gate)
            order.Remove((due, id, execution, taskId));
    }

    public void Stop()
    {
        lock (gate)
        {
            stopped = true;
            order.Clear();
        }
    }

    public void Dispose()
    {
        Stop();
        timer.Dispose();
    }

    private void Fire()
    {
        List<(long Due, string Id, long Execution, int TaskId)> due = [];
        lock (gate)
        {
            var now = time.GetUtcNow().UtcTicks;
            while (order.Count > 0 && order.Min.Due <= now)
            {
                due.Add(order.Min);
                order.Remove(order.Min);
            }
            Arm();
        }
        foreach (var item in due)
            onDue(item.Id, item.Execution, item.TaskId);
    }

    private void Arm()
    {
        if (stopped || order.Count == 0)
            return;
        var wait = TimeSpan.FromTicks(Math.Max(0, order.Min.Due - time.GetUtcNow().UtcTicks));
        // Rounded up: a system timer counts whole milliseconds, and one that fires too early only has to be set again.
        timer.Change(
            wait > LongestWait ? LongestWait : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)),
            Timeout.InfiniteTimeSpan
        );
    }
}
