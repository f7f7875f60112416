using System.Diagnostics;
using System.Text.Json;
using Serverless.Pipeline;

namespace Serverless.Cli.Stack;

/// <param name="Url">Address of the app.</param>
/// <param name="Pid">Its process.</param>
internal sealed record AppAddress(string Url, int Pid);

/// <summary>The folder <c>.serverless</c>: who runs in it, where the app listens, which key opens it.</summary>
internal sealed class StateFolder(string path)
{
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The state folder of a working directory.</summary>
    public static StateFolder Of(string directory) => new(System.IO.Path.Combine(directory, ".serverless"));

    /// <summary>
    /// The one that commands use when told nothing: the current directory's or the nearest one's above it that a stack runs in, else
    /// the current directory's.
    /// </summary>
    public static StateFolder Nearest()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            var candidate = Of(folder.FullName);
            if (candidate.RunningApp() is not null)
            {
                return candidate;
            }
        }

        return Of(Directory.GetCurrentDirectory());
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Log(string name) => System.IO.Path.Combine(Path, "logs", name + ".log");

    /// <summary>Takes the folder for this process; null when another holds it. The system lets go of it when the process ends.</summary>
    public IDisposable? TryOwn()
    {
        Directory.CreateDirectory(Path);
        try
        {
            return new FileStream(File("stack.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>What the app wrote last, whether it still lives or not.</summary>
    public AppAddress? App() => Read<AppAddress>("app.json");

    /// <summary>The app when its process lives.</summary>
    public AppAddress? RunningApp() => App() is { } app && Lives(app.Pid) ? app : null;

    /// <summary>The default function key; null before the app's first start.</summary>
    public string? Key() => Read<KeyFile>("keys.json")?.FunctionKeys?.GetValueOrDefault("default");

    /// <summary>Connection string of the running stack's hubs; null where there are none.</summary>
    public string? Hubs() => RunningApp() is null ? null : Read<HubsFile>(HubsName)?.ConnectionString;

    /// <summary>Says where the hubs are to be found.</summary>
    public void AnnounceHubs(string connectionString) =>
        System.IO.File.WriteAllBytes(
            File(HubsName),
            JsonSerializer.SerializeToUtf8Bytes(new HubsFile(connectionString), PipelineJson.Readable)
        );

    private static bool Lives(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>A document of the folder; null when it is not there or not whole.</summary>
    public T? Read<T>(string name)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(System.IO.File.ReadAllBytes(File(name)), PipelineJson.Readable);
        }
        catch (Exception absent) when (absent is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private const string HubsName = "hubs.json";

    private sealed record HubsFile(string ConnectionString);

    private sealed record KeyFile(Dictionary<string, string>? FunctionKeys);
}
