using System.Text.RegularExpressions;

namespace Serverless.Cli.Stack;

/// <summary>Reads from Azurite's output where its three services listen.</summary>
internal sealed partial class ListeningPorts
{
    private readonly Dictionary<string, int> seen = [];
    private readonly TaskCompletionSource<(int Blob, int Queue, int Table)> all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all three are known.</summary>
    public Task<(int Blob, int Queue, int Table)> All => all.Task;

    public void Read(string line)
    {
        var match = Listening().Match(line);
        if (!match.Success)
        {
            return;
        }

        lock (seen)
        {
            seen[match.Groups["service"].Value] = int.Parse(match.Groups["port"].ValueSpan, provider: null);
            if (seen.Count == 3)
            {
                all.TrySetResult((seen["Blob"], seen["Queue"], seen["Table"]));
            }
        }
    }

    [GeneratedRegex("Azurite (?<service>Blob|Queue|Table) service is successfully listening at http://[^ ]+:(?<port>[0-9]+)")]
    private static partial Regex Listening();
}
