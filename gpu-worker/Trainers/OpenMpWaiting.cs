namespace Serverless.GpuWorker.Trainers;

/// <summary>
/// Makes OpenMP's threads sleep while they wait for each other. By default they spin, and on a machine with other work every loop then waits
/// for a thread that the spinners keep off the cores: the sample's training took 9.1 s so, and 2.5 s asleep (two busy cores, two threads).
/// </summary>
internal static class OpenMpWaiting
{
    /// <summary>To be called before the native library loads: OpenMP reads the variable once, at its start.</summary>
    public static void Sleep() => NativeEnvironment.SetDefault("OMP_WAIT_POLICY", "passive");
}
