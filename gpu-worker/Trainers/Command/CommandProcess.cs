using System.ComponentModel;
using System.Diagnostics;
using Serverless.GpuWorker.Jobs;

namespace Serverless.GpuWorker.Trainers.Command;

/// <summary>The running program. Disposing kills it and all that it has started.</summary>
internal sealed class CommandProcess : IDisposable
{
    /// <summary>Of the worker's environment: what programs need of a machine, and nothing that opens the storage.</summary>
    private static readonly string[] HandedOn =
    [
        "PATH",
        "LANG",
        "TZ",
        "LD_LIBRARY_PATH",
        "DOTNET_ROOT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
    ];

    private static readonly string[] HandedOnPrefixes = ["LC_", "CUDA_", "NVIDIA_", "NCCL_", "PYTHON", "SSL_CERT_"];

    /// <summary>For the last words of a program that has ended.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly ProcessTree tree = new();
    private readonly ProcessGuard guard;
    private readonly Process process;
    private readonly CommandOutput output;
    private readonly Task[] pumps;
    private readonly CancellationTokenSource deaf = new();

    private CommandProcess(ProcessStartInfo start, CommandOutput output)
    {
        this.output = output;
        var (name, value) = tree.EnvironmentEntry;
        start.Environment[name] = value;
        guard = new ProcessGuard(tree);
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception refused)
        {
            guard.Dispose();
            throw new JobFailedException(
                $"{start.FileName} cannot be started: {refused.Message}. Expected a program of this machine's kind that may be executed "
                    + "(chmod +x), or a script whose first line names its interpreter.",
                userError: true,
                refused
            );
        }

        process.StandardInput.Close();
        PreferToKill(process.Id);
        pumps =
        [
            output.PumpAsync(process.StandardOutput.BaseStream, deaf.Token),
            output.PumpAsync(process.StandardError.BaseStream, deaf.Token),
        ];
    }

    public int ExitCode => process.ExitCode;

    /// <exception cref="JobFailedException">There is no such program, or it cannot be started.</exception>
    public static CommandProcess Start(IReadOnlyList<string> run, CommandFolder folder, CommandJob job, CommandOutput output)
    {
        var start = new ProcessStartInfo(Find(run[0], folder.Code), run.Skip(1))
        {
            WorkingDirectory = folder.Code,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => !IsHandedOn(name)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HOME"] = folder.Home;
        foreach (var (name, value) in job.Environment(folder.JobFile))
        {
            start.Environment[name] = value;
        }

        return new CommandProcess(start, output);
    }

    public bool WaitForExit(TimeSpan atMost) => process.WaitForExit(atMost);

    public long MemoryBytes(long limit) => tree.MemoryBytes(limit);

    /// <summary>SIGTERM to the program itself: what it does with its children is its business.</summary>
    public void Terminate() => ProcessTree.Terminate(process.Id);

    /// <summary>Kills what is left, and hears the program out.</summary>
    public void End()
    {
        tree.Kill();
        process.WaitForExit(LastWords);
        if (!Task.WaitAll(pumps, LastWords))
        {
            deaf.Cancel();
        }

        output.End();
    }

    public void Dispose()
    {
        tree.Kill();
        deaf.Cancel();
        guard.Dispose();
        process.Dispose();
        deaf.Dispose();
    }

    private static bool IsHandedOn(string name) =>
        HandedOn.Contains(name, StringComparer.OrdinalIgnoreCase)
        || HandedOnPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A path is meant from the program's folder, a bare name is looked for in PATH, as a shell does it.</summary>
    private static string Find(string program, string code)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        var candidates = program.Contains('/')
            ? [Path.GetFullPath(program, code)]
            : path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program));
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new JobFailedException(
                program.Contains('/')
                    ? $"Command '{program}' is not there; expected it among the files of 'code', or an absolute path on the worker. Files in 'code': "
                        + $"{Listed(code)}."
                    : $"Command '{program}' is in no folder of the worker's PATH ({path}). Install it on the worker's machine, or put it into 'code' "
                        + $"and write './{program}'.",
                userError: true
            );
    }

    private static string Listed(string folder)
    {
        var names = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file));
        return string.Join(", ", names.Order(StringComparer.Ordinal).Take(20)) is { Length: > 0 } some ? some : "none";
    }

    /// <summary>When the machine runs out of memory the program is to go, and not the worker that can say so.</summary>
    private static void PreferToKill(int id)
    {
        try
        {
            File.WriteAllText($"/proc/{id}/oom_score_adj", "1000");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // It has ended, or the machine does not allow it.
        }
    }
}
