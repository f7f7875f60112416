using System.Globalization;

namespace Serverless.Bench.Torch;

/// <summary>By how much the process grows at most while it does something, as Linux counts it.</summary>
internal static class PeakMemory
{
    /// <returns>Bytes.</returns>
    public static long Of(Action work)
    {
        GC.Collect();
        // Sets the peak back to what is in use now (proc(5)).
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = Status("VmRSS");
        work();
        return Status("VmHWM") - before;
    }

    private static long Status(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..].Replace("kB", ""), CultureInfo.InvariantCulture) * 1024;
    }
}
