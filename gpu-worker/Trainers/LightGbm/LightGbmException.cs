using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>LightGBM refused a call.</summary>
internal sealed class LightGbmException(string message) : Exception(message)
{
    public static void ThrowIfFailed(int status)
    {
        if (status != 0)
        {
            throw new LightGbmException($"LightGBM: {Marshal.PtrToStringUTF8(NativeMethods.LGBM_GetLastError())}");
        }
    }
}
