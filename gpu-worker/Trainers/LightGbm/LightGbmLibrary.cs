using Serverless.GpuWorker.Jobs;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Whether the native library is there.</summary>
internal static class LightGbmLibrary
{
    /// <exception cref="JobFailedException">It does not load; the message names the package to install.</exception>
    public static void Require()
    {
        OpenMpWaiting.Sleep();
        try
        {
            NativeMethods.LGBM_GetLastError();
        }
        catch (Exception missing) when (missing is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            throw new JobFailedException(Explain(missing.Message), userError: false, missing);
        }
    }

    /// <summary>What to do about a library that does not load.</summary>
    public static string Explain(string found)
    {
        var cure =
            found.Contains("libgomp", StringComparison.Ordinal) || OperatingSystem.IsLinux()
                ? "It needs the OpenMP runtime: install package 'libgomp1' (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp)."
            : OperatingSystem.IsMacOS() ? "It needs the OpenMP runtime: brew install libomp; only x64 is supported."
            : "It needs the Visual C++ runtime (vcomp140.dll): install 'Microsoft Visual C++ Redistributable'.";
        return $"LightGBM's native library 'lib_lightgbm' does not load on this machine. {cure} The loader said: {found}";
    }
}
