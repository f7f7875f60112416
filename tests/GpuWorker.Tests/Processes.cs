using System.Globalization;

namespace Serverless.GpuWorker.Tests;

/// <summary>Processes that tests did not start themselves.</summary>
internal static class Processes
{
    /// <summary>A zombie has ended; whoever is to bury it is not ours.</summary>
    public static bool IsAlive(string id) => State(id) is [var state, ..] && state != "Z";

    /// <summary>Those that it started, and those that these started.</summary>
    public static IReadOnlyList<int> StartedBy(int process)
    {
        var parents = Directory
            .EnumerateDirectories("/proc")
            .Select(folder => Path.GetFileName(folder))
            .Where(name => char.IsAsciiDigit(name[0]))
            .Select(id => (Id: id, State: State(id)))
            .Where(each => each.State.Length > 1)
            .ToLookup(each => Number(each.State[1]), each => Number(each.Id));
        return [.. Below(process)];

        IEnumerable<int> Below(int parent) => parents[parent].SelectMany(id => Below(id).Prepend(id));
    }

    /// <summary>The fields behind the program's name: state, parent's id and so on (man 5 proc_pid_stat). Empty for one that is gone.</summary>
    private static string[] State(string id)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{id}/stat");
            // The name stands in brackets, and may have some itself.
            return line[(line.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
