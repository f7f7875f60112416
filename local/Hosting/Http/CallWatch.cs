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
    private readonly TimeLimit limit;
    private readonly ITimer timer;

    public CallWatch(TimeLimit limit)
    {
        this.limit = limit;
        timer = limit.Time.CreateTimer(static watch => ((CallWatch)watch!).Look(), this, limit.Longest, limit.Grace / 4);
    }

    /// <summary>A function begins on this thread.</summary>
    public void Begin(Invocation call) => Volatile.Write(ref slots.Value!.Call, call);

    /// <summary>It has come to its end or its first await. False: it was left behind meanwhile, and its caller has been answered.</summary>
    public bool End(Task run)
    {
        var slot = slots.Value!;
        if (Interlocked.Exchange(ref slot.Call, null) is not null)
            return true;
        slot.Left!.SetResult(run);
        return false;
    }

    public void Dispose()
    {
        timer.Dispose();
        slots.Dispose();
    }

    private void Look()
    {
        foreach (var slot in slots.Values)
        {
            if (Volatile.Read(ref slot.Call) is not { } call || call.Age < limit.Longest)
                continue;
            // Before it is taken out: its thread looks for this then.
            slot.Left = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Interlocked.CompareExchange(ref slot.Call, null, call) == call)
                Leave(call, slot.Left.Task.Unwrap());
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

    private sealed class Slot
    {
        public Invocation? Call;

        public TaskCompletionSource<Task>? Left { get; set; }
    }
}
