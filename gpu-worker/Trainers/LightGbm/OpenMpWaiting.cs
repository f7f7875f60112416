using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>
/// Makes OpenMP's threads sleep while they wait for each other. By default they spin, and on a machine with other work every loop then waits
/// for a thread that the spinners keep off the cores: the sample's training took 9.1 s so, and 2.5 s asleep (two busy cores, two threads).
/// </summary>
internal static partial class OpenMpWaiting
{
    /// <summary>To be called before the native library loads: OpenMP reads the variable once, at its start.</summary>
    public static void Sleep()
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            // .NET's own SetEnvironmentVariable is not seen by native code. What the user has set stands.
            _ = SetEnv("OMP_WAIT_POLICY", "passive", overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
