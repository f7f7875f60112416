using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>
/// A program and all that it starts, known by a mark in their environment: children of children keep it, and so do those that leave their
/// process group or session (torchrun's workers do) or whose parent has ended. A control group would need rights that a worker does not have everywhere.
/// </summary>
internal sealed partial class ProcessTree
{
    private const string Variable = "SERVERLESS_PROCESSES";
    private const int Sigkill = 9;
    private const int Sigterm = 15;

    /// <summary>Processes may start others while they are killed.</summary>
    private const int Rounds = 100;

    private readonly byte[] entry;

    public ProcessTree()
    {
        Mark = RandomNumberGenerator.GetHexString(32, lowercase: true);
        entry = Encoding.ASCII.GetBytes($"{Variable}={Mark}");
    }

    public string Mark { get; }

    public KeyValuePair<string, string> EnvironmentEntry => new(Variable, Mark);

    /// <summary>
    /// Memory of all of them, bytes. What they share is counted for each at first; where that would be more than the limit it is shared out.
    /// </summary>
    public long MemoryBytes(long limit)
    {
        var members = Members();
        var resident = members.Sum(Resident);
        return resident <= limit ? resident : members.Sum(process => Proportional(process) ?? Resident(process));
    }

    /// <summary>SIGKILL to all, until none is left.</summary>
    public void Kill()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var members = Members();
            if (members.Count == 0)
            {
                return;
            }

            foreach (var process in members)
            {
                _ = Signal(process, Sigkill);
            }
        }
    }

    public static void Terminate(int process) => _ = Signal(process, Sigterm);

    private List<int> Members() =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(folder =>
                    int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0
                )
                .Where(id => id > 0 && Read(id, "environ").AsSpan().IndexOf(entry) >= 0),
        ];

    private static long Resident(int process) =>
        Encoding.ASCII.GetString(Read(process, "statm")).Split(' ') is [_, var pages, ..]
        && long.TryParse(pages, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count * Environment.SystemPageSize
            : 0;

    private static long? Proportional(int process)
    {
        var line = Encoding
            .ASCII.GetString(Read(process, "smaps_rollup"))
            .Split('\n')
            .FirstOrDefault(each => each.StartsWith("Pss:", StringComparison.Ordinal));
        return
            line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            && long.TryParse(kilobytes, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count * 1024
            : null;
    }

    /// <summary>Empty for a process that has ended or is another user's.</summary>
    private static byte[] Read(int process, string file)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{process}/{file}");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}

/// <summary>
/// A shell that waits for the worker to be gone, however that comes about, and then kills what the worker had started: a program must not outlive
/// the claim that it works for.
/// </summary>
internal sealed class ProcessGuard : IDisposable
{
    // Its standard input ends with the worker. Interrupts of a terminal reach it too.
    private const string Script = """
        trap '' INT TERM HUP
        cat >/dev/null
        for round in 1 2 3 4 5 6 7 8 9 10; do
          for environment in /proc/[0-9]*/environ; do
            if grep -qF -- "$1" "$environment" 2>/dev/null; then
              process=${environment#/proc/}
              kill -9 "${process%/environ}" 2>/dev/null
            fi
          done
        done
        """;

    private readonly Process shell;

    public ProcessGuard(ProcessTree tree)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script, "serverless-guard", tree.Mark])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        shell = Process.Start(start)!;
    }

    public void Dispose()
    {
        shell.Kill(entireProcessTree: true);
        shell.Dispose();
    }
}
