using System.Runtime.InteropServices;

namespace Serverless.Local.Logs;

/// <summary>Puts a folder's entries on the disk: a new file is not there after a power cut until its folder is flushed too.</summary>
internal static partial class FolderSync
{
    private const int ReadOnlyFlag = 0;

    public static void Flush(string folder)
    {
        // NTFS journals its entries; only POSIX asks for this.
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(folder, ReadOnlyFlag);
        if (descriptor < 0)
            return;
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

#pragma warning disable SYSLIB1054 // The generated form needs unsafe code for nothing more than three calls.
    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
}
