using System.Diagnostics;
using System.Runtime.InteropServices;

/// <summary>
/// Loaded into our .NET children by <c>DOTNET_STARTUP_HOOKS</c> (the runtime asks for this name, without a namespace): when stdin, a pipe
/// that the parent holds, ends, the process gets a SIGTERM, and is killed when it has not stopped after a while. So no child outlives a
/// parent that was itself killed, and a parent stops its children by closing the pipe.
/// </summary>
#pragma warning disable MA0047 // the runtime looks for it without a namespace
internal static class StartupHook
{
    private const int Sigterm = 15;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    public static void Initialize() => new Thread(Watch) { IsBackground = true, Name = "parent watch" }.Start();

    private static void Watch()
    {
        using var stdin = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (stdin.Read(ignored) > 0)
        {
            // Nothing is ever said: only the end counts.
        }

        if (OperatingSystem.IsWindows())
        {
            new Thread(static () => Environment.Exit(0)) { IsBackground = true }.Start();
        }
        else
        {
            // Not Environment.Exit: handlers of the signal release what the process holds.
            _ = Signal(Environment.ProcessId, Sigterm);
        }

        using var never = new ManualResetEventSlim();
        never.Wait(Grace);
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Signal(int process, int signal);
}
