using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers;

/// <summary>Environment variables as native libraries see them: .NET's own SetEnvironmentVariable is not seen by native code.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable that is not set: what the user has set stands. To be called before the library loads that reads it.</summary>
    public static void SetDefault(string name, string value)
    {
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            _ = SetEnv(name, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnv(string name, string value, int overwrite);
}
