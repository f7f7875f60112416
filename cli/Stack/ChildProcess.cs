using System.ComponentModel;
using System.Diagnostics;

namespace Serverless.Cli.Stack;

/// <summary>How a child is started.</summary>
/// <param name="Name">For messages and the log's name.</param>
/// <param name="File">The program.</param>
/// <param name="Arguments">As they are, unquoted.</param>
/// <param name="LogFile">Both outputs are appended to it; null keeps only the tail in memory.</param>
internal sealed record ChildStart(string Name, string File, IReadOnlyList<string> Arguments, string? LogFile)
{
    public string? WorkingDirectory { get; init; }

    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Called with every line of output.</summary>
    public Action<string>? OnLine { get; init; }
}

/// <summary>
/// A process that never outlives this one: its stdin is a pipe that we hold, and it stops when the pipe ends (Azurite through
/// <c>stdin-guard.cjs</c>, .NET programs through <see cref="StartupHook"/>). Closing the pipe is also how it is asked to stop.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int TailLines = 40;

    private readonly Process process;
    private readonly StreamWriter? log;
    private readonly Queue<string> tail = new();
    private readonly Action<string>? onLine;
    private readonly Task pumps;

    private ChildProcess(ChildStart start, Process process)
    {
        Name = start.Name;
        this.process = process;
        onLine = start.OnLine;
        log = start.LogFile is null ? null : OpenLog(start.LogFile);
        Id = process.Id;
        pumps = Task.WhenAll(PumpAsync(process.StandardOutput), PumpAsync(process.StandardError));
        Exited = WaitAsync();
    }

    public string Name { get; }

    public int Id { get; }

    /// <summary>Ends with the exit code when the process has ended and its output is read.</summary>
    public Task<int> Exited { get; }

    /// <summary>The last lines of output.</summary>
    public string Tail
    {
        get
        {
            lock (tail)
            {
                return string.Join('\n', tail);
            }
        }
    }

    /// <exception cref="StackException">The program could not be started.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        var info = new ProcessStartInfo(start.File, start.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = start.WorkingDirectory ?? "",
        };
        foreach (var (name, value) in start.Environment)
        {
            if (value is null)
            {
                info.Environment.Remove(name);
            }
            else
            {
                info.Environment[name] = value;
            }
        }

        try
        {
            return new ChildProcess(start, Process.Start(info)!);
        }
        catch (Win32Exception failed)
        {
            var advice =
                start.File == "node" ? NodePackages.NodeAdvice : "Expected a program that can be run; build the solution and start again.";
            throw new StackException($"{start.Name}: '{start.File}' could not be started ({failed.Message}). {advice}", failed);
        }
    }

    /// <summary>Asks it to stop, and kills it when it has not within the grace.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (Exception gone) when (gone is IOException or InvalidOperationException)
        {
            // It has gone already.
        }

        if (await Task.WhenAny(Exited, Task.Delay(grace)) != Exited)
        {
            Kill();
        }

        await Exited;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has gone already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        process.Dispose();
    }

    private static StreamWriter OpenLog(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    }

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        // A grandchild may hold the pipes: do not wait for their end for ever.
        await Task.WhenAny(pumps, Task.Delay(TimeSpan.FromSeconds(2)));
        var code = process.ExitCode;
        if (log is not null)
        {
            lock (tail)
            {
                log.Dispose();
            }
        }

        return code;
    }

    private async Task PumpAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            lock (tail)
            {
                tail.Enqueue(line);
                if (tail.Count > TailLines)
                {
                    tail.Dequeue();
                }

                try
                {
                    log?.WriteLine(line);
                }
                catch (Exception gone) when (gone is ObjectDisposedException or IOException)
                {
                    // The log is best effort: a full disk must not stop the child.
                }
            }

            onLine?.Invoke(line);
        }
    }
}
