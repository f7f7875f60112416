using System.Diagnostics;

namespace Serverless.Bench.Frame;

/// <summary>The greatest resident memory of this process while it is watched, looked at every 20 ms.</summary>
internal sealed class Memory : IDisposable
{
    private readonly Timer timer;
    private long peak;

    public Memory() => timer = new Timer(_ => Look(), null, 0, 20);

    /// <summary>Bytes.</summary>
    public long Peak => Interlocked.Read(ref peak);

    public static long Resident()
    {
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        var now = Resident();
        if (now > Interlocked.Read(ref peak))
        {
            Interlocked.Exchange(ref peak, now);
        }
    }
}
