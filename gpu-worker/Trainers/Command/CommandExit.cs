using Serverless.GpuWorker.Jobs;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>What a program's exit code means.</summary>
internal static class CommandExit
{
    /// <summary>EX_TEMPFAIL of sysexits.h: something outside of the program is at fault, try again.</summary>
    public const int TryAgain = 75;

    private const int SignalBase = 128;
    private const long AlmostNothing = 16 << 20;

    private static readonly Dictionary<int, string> Signals = new()
    {
        [1] = "SIGHUP",
        [2] = "SIGINT",
        [4] = "SIGILL",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [9] = "SIGKILL",
        [11] = "SIGSEGV",
        [15] = "SIGTERM",
    };

    /// <summary>Whether somebody asked it to end, as a terminal or a service manager does with all that it has started.</summary>
    public static bool IsStop(int code) => code - SignalBase is 2 or 15;

    /// <param name="code">Not 0.</param>
    /// <param name="killedForMemory">Whether the kernel killed somebody for lack of memory meanwhile.</param>
    /// <param name="folder">The program's, to see whether the disk is full.</param>
    /// <param name="said">The last lines.</param>
    /// <returns>To be thrown.</returns>
    public static Exception Failure(int code, bool killedForMemory, string folder, string said)
    {
        var words = said.Length > 0 ? $"Its last lines:\n{said}" : "It said nothing.";
        if (code == TryAgain)
        {
            return new JobRetryException($"The command asked to be tried again (exit code {code}). {words}");
        }

        if (Free(folder) < AlmostNothing)
        {
            return new JobRetryException(
                $"The command failed (exit code {code}) and the disk under {folder} is full. Give the worker's temporary folder more room. {words}"
            );
        }

        var signal = code - SignalBase;
        return (signal, killedForMemory) switch
        {
            (9, true) => new JobFailedException(
                "The command was killed for lack of memory (the machine's kernel did, SIGKILL). Make it use less, set memoryMb to be told sooner, or take "
                    + $"a larger machine. {words}",
                userError: true
            ),
            (9 or 15 or 2 or 1, _) => new JobRetryException(
                $"The command was killed from outside ({Signals[signal]}), most often for lack of memory or by a person. {words}"
            ),
            (> 0 and < 65, _) => new JobFailedException(
                $"The command crashed ({Signals.GetValueOrDefault(signal, $"signal {signal}")}). {words}",
                userError: true
            ),
            _ => new JobFailedException($"The command failed with exit code {code}. {words}", userError: true),
        };
    }

    /// <summary>How many processes the kernel has killed for lack of memory; -1 where it does not say.</summary>
    public static long MemoryKills()
    {
        try
        {
            var line = File.ReadLines("/proc/vmstat").FirstOrDefault(each => each.StartsWith("oom_kill ", StringComparison.Ordinal));
            return line is null ? -1 : long.Parse(line["oom_kill ".Length..], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return -1;
        }
    }

    private static long Free(string folder) => new DriveInfo(folder).AvailableFreeSpace;
}
