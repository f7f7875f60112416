using Microsoft.AspNetCore.Http;

namespace Serverless.Local.Hosting.Http;

/// <summary>
/// Looks for functions that keep the thread of their connection: what blocks before its first await. Every function begins on that thread, since a hop to
/// another costs more than a short one takes, and a function that blocks keeps what called it from answering for it. Each thread has a slot for the
/// call that it runs; who finds one there that is overdue takes it out and answers its caller.
/// </summary>
internal sealed class CallWatch : IDisposable
{
    private readonly ThreadLocal<Slot> slots = new(static () => new Slot(), trackAllValues: true);
    private readonly Lock looking = new();
    private readonly TimeLimit limit;
    private readonly ITimer timer;

    public CallWatch(TimeLimit limit)
    {
        this.limit = limit;
        timer = limit.Time.CreateTimer(static watch => ((CallWatch)watch!).Look(), this, limit.Longest, limit.Grace / 4);
    }

    /// <summary>A function begins on this thread.</summary>
    public Slot Begin(Invocation call)
    {
        var slot = slots.Value!;
        slot.Begin(call);
        return slot;
    }

    public void Dispose()
    {
        timer.Dispose();
        slots.Dispose();
    }

    private void Look()
    {
        // A look that takes long is not overtaken by the next.
        lock (looking)
        {
            foreach (var slot in slots.Values)
            {
                if (slot.Call is { } call && call.Age >= limit.Longest && slot.TryTake(call, out var run))
                    Leave(call, run);
            }
        }
    }

    private void Leave(Invocation call, Task run)
    {
        var http = call.Http!;
        limit.LeaveBehind(call, run);
        http.Features.Get<HttpPlace>()?.GiveBack();
        StandIn.AnswerFor(http);
        _ = SendAsync(http);
    }

    private static async Task SendAsync(HttpContext http)
    {
        try
        {
            await http.Response.CompleteAsync();
        }
        catch (Exception)
        {
            // The caller has gone, or the function writes in this moment: the connection ends with it.
            http.Abort();
        }
    }

    /// <summary>What one thread runs.</summary>
    internal sealed class Slot
    {
        private Invocation? call;
        private TaskCompletionSource<Task>? left;

        public Invocation? Call => Volatile.Read(ref call);

        public void Begin(Invocation begun) => Volatile.Write(ref call, begun);

        /// <summary>It has come to its end or its first await. False: it was left behind meanwhile, and its caller has been answered.</summary>
        public bool End(Task run)
        {
            if (Interlocked.Exchange(ref call, null) is not null)
                return true;
            left!.SetResult(run);
            return false;
        }

        /// <summary>Takes a call out, if it is still there.</summary>
        /// <param name="overdue">The call.</param>
        /// <param name="run">Ends with it; known when the thread comes back.</param>
        public bool TryTake(Invocation overdue, out Task run)
        {
            // Before it is out: then the thread looks for this.
            left = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
            run = left.Task.Unwrap();
            return Interlocked.CompareExchange(ref call, null, overdue) == overdue;
        }
    }
}
