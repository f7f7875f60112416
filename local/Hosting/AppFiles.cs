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

    public void Withdraw()
    {
        try
        {
            if (JsonSerializer.Deserialize<AppAddress>(File.ReadAllBytes(App), JsonSerializerOptions.Web)?.Pid == Environment.ProcessId)
                File.Delete(App);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            // The file is a courtesy; a parent that finds a stale one sees that the process is gone.
        }
    }

    private sealed record AppAddress(string Url, int Pid);
}
