/// <summary>
/// Loaded into our .NET children by <c>DOTNET_STARTUP_HOOKS</c> (the runtime asks for this name, without a namespace): when stdin, a pipe
/// that the parent holds, ends, the process stops as on SIGTERM, and is killed when it has not after a while. So no child outlives a
/// parent that was itself killed.
/// </summary>
#pragma warning disable MA0047 // the runtime looks for it without a namespace
internal static class StartupHook
{
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

        new Thread(static () => Environment.Exit(0)) { IsBackground = true }.Start();
        using var never = new ManualResetEventSlim();
        never.Wait(Grace);
        Environment.FailFast("The parent has gone and the process did not stop within 10 s.");
    }
}
