namespace Serverless.Local.Logs;

/// <summary>Tells a full disk from a broken one.</summary>
internal static class DiskFull
{
    private const int NoSpace = 28; // ENOSPC
    private const int Quota = 122; // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static bool Is(IOException exception) => exception.HResult is NoSpace or Quota or WindowsDiskFull;
}
