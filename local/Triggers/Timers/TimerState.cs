using System.Text.Json;
using Serverless.Local.Hosting;

namespace Serverless.Local.Triggers.Timers;

/// <summary>What is kept of a schedule: its text, the last time it ran for and the next (UTC).</summary>
internal sealed record KeptSchedule(string Schedule, DateTime Last, DateTime Next, DateTime LastUpdated);

/// <summary>The schedule's state on disk, so that a run that was due while the app was down is made up for.</summary>
internal sealed class TimerState(string path)
{
    public KeptSchedule? Read()
    {
        try
        {
            return JsonSerializer.Deserialize<KeptSchedule>(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            // As on the first start: better one run too few than an app that does not start.
            return null;
        }
    }

    public void Write(KeptSchedule kept) => PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(kept));
}
