using System.Diagnostics;
using System.Text.Json;

namespace Serverless.Local.Hosting;

/// <summary>The files of the data folder that others may read.</summary>
internal sealed class AppFiles(string home)
{
    public string Home { get; } = home;

    public string Keys => Path.Combine(Home, "keys.json");

    private string App => Path.Combine(Home, "app.json");

    /// <summary>Says where the running app is to be found.</summary>
    public void Announce(string url) =>
        PrivateFile.Write(App, JsonSerializer.SerializeToUtf8Bytes(new AppAddress(url, Environment.ProcessId), JsonSerializerOptions.Web));

    /// <summary>The same, unless the file names another process that lives: that one is the app as long as it has the hub.</summary>
    public bool AnnounceUnlessAnotherRuns(string url)
    {
        if (Read() is { } other && other.Pid != Environment.ProcessId && Lives(other.Pid))
            return false;
        Announce(url);
        return true;
    }

    public void Withdraw()
    {
        try
        {
            if (Read()?.Pid == Environment.ProcessId)
                File.Delete(App);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file is a courtesy; a parent that finds a stale one sees that the process is gone.
        }
    }

    private AppAddress? Read()
    {
        try
        {
            return File.Exists(App) ? JsonSerializer.Deserialize<AppAddress>(File.ReadAllBytes(App), JsonSerializerOptions.Web) : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool Lives(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private sealed record AppAddress(string Url, int Pid);
}
