namespace Serverless.Local.Logs;

/// <summary>One process writes a folder; the system gives the lock back when that process ends, however it ends.</summary>
internal sealed class FolderLock : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    private readonly FileStream file;

    private FolderLock(FileStream file) => this.file = file;

    /// <summary>Waits until the folder is free; <paramref name="onWait"/> is called once if it is not.</summary>
    public static async Task<FolderLock> AcquireAsync(string folder, TimeProvider time, Action? onWait, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "lock");
        for (var attempt = 0; ; attempt++)
        {
            if (TryAcquire(path) is { } taken)
                return taken;
            if (attempt == 0)
                onWait?.Invoke();
            await Task.Delay(Retry, time, cancellationToken);
        }
    }

    public void Dispose() => file.Dispose();

    private static FolderLock? TryAcquire(string path)
    {
        try
        {
            return new FolderLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            return null;
        }
    }
}
