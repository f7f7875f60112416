using System.Diagnostics;
using System.Globalization;

namespace Serverless.Bench.Broker;

/// <summary>The unmodified npm client in a process of its own (npm.cjs): a line in is one piece of work, a line out its events a second.</summary>
internal sealed class NpmClient : IDisposable
{
    private readonly Process process;

    public NpmClient(string connectionString)
    {
        var start = new ProcessStartInfo(
            "node",
            [Path.Combine(AppContext.BaseDirectory, "Broker", "npm.cjs"), connectionString, BrokerProcess.Hub]
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        process = Process.Start(start)!;
    }

    /// <summary>Sends batches of 500 events of 100 B, one under way to each partition; gives events a second.</summary>
    public double Send(int events) => Ask("send", events);

    /// <summary>Reads from the first event on; gives events a second between the first and the last.</summary>
    public double Receive(int events) => Ask("receive", events);

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            process.Kill();
        }

        process.Dispose();
    }

    private double Ask(string what, int events)
    {
        process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {events}"));
        var answer =
            process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException("The npm client has ended; its error is above. Is 'npm ci' done?");
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }
}
