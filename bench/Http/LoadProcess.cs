using System.Diagnostics;
using System.Globalization;

namespace Serverless.Bench.Http;

/// <summary>
/// The callers, in a process of their own: what they cost is none of the server's allocation, and their threads do not stand in the line of
/// the server's pool. One thread asks on all connections in turn: as each has its answer, the next question is sent, so that all but one are
/// always under way.
/// </summary>
internal sealed class LoadProcess : IDisposable
{
    /// <summary>Makes this program the callers of a port and path.</summary>
    public const string Argument = "--load";

    private readonly Process process;

    /// <param name="address">The server.</param>
    /// <param name="path">With the query.</param>
    /// <param name="connections">The most that will be asked for.</param>
    /// <param name="expected">What the first answer must hold.</param>
    /// <param name="bodyFile">JSON that is posted; null gets.</param>
    public LoadProcess(Uri address, string path, int connections, string expected = "pong", string? bodyFile = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (
            var argument in (string[])
                [
                    typeof(LoadProcess).Assembly.Location,
                    Argument,
                    address.AbsoluteUri,
                    path,
                    Invariant(connections),
                    expected,
                    bodyFile ?? "",
                ]
        )
        {
            start.ArgumentList.Add(argument);
        }

        process = Process.Start(start)!;
    }

    /// <summary>Asks on this many connections, this often in all.</summary>
    /// <returns>Median and 99th percentile of an answer in µs, and answers a second.</returns>
    public (double Median, double High, double Rate) Ask(int connections, int calls)
    {
        process.StandardInput.WriteLine($"{Invariant(connections)} {Invariant(calls)}");
        var answer = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The callers' process has ended.");
        var numbers = answer.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1], numbers[2]);
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>The program's life as callers: a line in, a line out.</summary>
    public static int Run(string address, string path, string most, string expected, string bodyFile)
    {
        var body = bodyFile.Length == 0 ? null : File.ReadAllBytes(bodyFile);
        var clients = new RawClient[int.Parse(most, CultureInfo.InvariantCulture)];
        for (var i = 0; i < clients.Length; i++)
        {
            clients[i] = new RawClient(new Uri(address), path, expected, body);
        }

        while (Console.ReadLine() is { } line)
        {
            var numbers = line.Split(' ').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            var ticks = new long[numbers[1]];
            var began = Stopwatch.GetTimestamp();
            RawClient.Ask(clients.AsSpan(0, numbers[0]), ticks);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Array.Sort(ticks);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{At(ticks, 50)} {At(ticks, 99)} {ticks.Length / seconds}"));
        }

        Array.ForEach(clients, client => client.Dispose());
        return 0;
    }

    private static double At(long[] sorted, int percentile) =>
        Stopwatch.GetElapsedTime(0, sorted[sorted.Length * percentile / 100]).TotalMicroseconds;

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);
}
