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

    /// <summary>Sends batches of 500 events of 100 B, one under way to each partition.</summary>
    public NpmRate Send(int events) => Ask("send", events);

    /// <summary>Reads from the first event on; measured behind the first fifth.</summary>
    public NpmRate Receive(int events) => Ask("receive", events);

    /// <summary>The same with the client's option to leave bodies as they are: else a quarter of its time goes into reading them as JSON.</summary>
    public NpmRate ReceiveBytes(int events) => Ask("receive-bytes", events);

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            process.Kill();
        }

        process.Dispose();
    }

    private NpmRate Ask(string what, int events)
    {
        process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {events}"));
        var answer =
            process.StandardOutput.ReadLine()
            ?? throw new InvalidOperationException("The npm client has ended; its error is above. Is 'npm ci' done?");
        var numbers = answer.Split(' ');
        return new NpmRate(double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture));
    }
}

/// <param name="Events">A second.</param>
/// <param name="Busy">Part of that time in which the client's process computed: near 1, the client is the limit.</param>
internal sealed record NpmRate(double Events, double Busy);
