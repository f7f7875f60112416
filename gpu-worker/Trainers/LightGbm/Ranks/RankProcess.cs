using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Serverless.Pipeline;

namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>A rank's process, from its worker's side.</summary>
internal sealed class RankProcess : IDisposable
{
    private const int TailLines = 20;

    private readonly Process process;
    private readonly TimeProvider time;
    private readonly ConcurrentQueue<RankEvent> events = new();
    private readonly Queue<string> tail = new();
    private long heardAt;
    private volatile bool outputEnded;

    private RankProcess(Process process, TimeProvider time)
    {
        (this.process, this.time, heardAt) = (process, time, time.GetTimestamp());
        _ = PumpAsync(process.StandardOutput, endsAll: true);
        _ = PumpAsync(process.StandardError, endsAll: false);
    }

    public int Id => process.Id;

    /// <summary>How long it has given no sign of life: a paused one gives none.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref heardAt));

    /// <summary>It has ended, and every event was taken.</summary>
    public bool IsOver => outputEnded && events.IsEmpty;

    /// <summary>The last lines that were no events.</summary>
    public string Tail
    {
        get
        {
            lock (tail)
            {
                return string.Join(' ', tail);
            }
        }
    }

    public static RankProcess Start(RankSpec spec, TimeProvider time)
    {
        var file = Path.Combine(spec.Folder, $"rank-{spec.Rank}.json");
        File.WriteAllText(file, JsonSerializer.Serialize(spec, PipelineJson.Compact));
        var info = Program([RankProgram.Verb, file]);
        // A hook that watches the worker's input would read this one's commands.
        info.Environment.Remove("DOTNET_STARTUP_HOOKS");
        info.RedirectStandardInput = info.RedirectStandardOutput = info.RedirectStandardError = true;
        return new RankProcess(Process.Start(info)!, time);
    }

    /// <summary>A port that is free at this moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Any, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>This machine's IPv4 address, as those see it that use the same storage.</summary>
    public static string AddressToward(Uri storage)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // Sends nothing: it only asks which way leads there.
        probe.Connect(storage.Host, storage.Port);
        return ((IPEndPoint)probe.LocalEndPoint!).Address.ToString();
    }

    public bool TryTake(out RankEvent what)
    {
        var found = events.TryDequeue(out var next);
        what = next!;
        return found;
    }

    public void Go(IReadOnlyList<string> machines) => Tell(RankLine.Go + string.Join(',', machines));

    /// <summary>Asks rank 0 for a state; it comes after the round at work.</summary>
    public void Save() => Tell(RankLine.Save);

    /// <summary>SIGKILL, where it still runs.</summary>
    public void Dispose()
    {
        try
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }
        catch (InvalidOperationException)
        {
            // It has gone already.
        }

        process.Dispose();
    }

    private void Tell(string line)
    {
        try
        {
            process.StandardInput.WriteLine(line);
            process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has gone; its last events say why.
        }
    }

    /// <summary>This very program, however it was started: published, by dotnet, or inside a test.</summary>
    private static ProcessStartInfo Program(string[] arguments)
    {
        var assembly = typeof(RankProcess).Assembly;
        var self = Environment.ProcessPath;
        // Of an .exe alone: "Serverless.GpuWorker.Tests" is another program.
        var host = OperatingSystem.IsWindows() ? Path.GetFileNameWithoutExtension(self) : Path.GetFileName(self);
        if (host == assembly.GetName().Name)
        {
            return new ProcessStartInfo(self!, arguments);
        }

        var dotnet = host == "dotnet" ? self! : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        return new ProcessStartInfo(dotnet, [assembly.Location, .. arguments]);
    }

    private async Task PumpAsync(StreamReader output, bool endsAll)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            Interlocked.Exchange(ref heardAt, time.GetTimestamp());
            if (Read(line) is { } known)
            {
                if (known.Kind != RankEventKind.Alive)
                {
                    events.Enqueue(known);
                }

                continue;
            }

            lock (tail)
            {
                tail.Enqueue(line);
                if (tail.Count > TailLines)
                {
                    tail.Dequeue();
                }
            }
        }

        outputEnded |= endsAll;
    }

    private static RankEvent? Read(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonSerializer.Deserialize<RankEvent>(line, PipelineJson.Compact) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
