using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.EventHubs;

namespace Serverless.Bench.Broker;

/// <summary>A broker in a process of its own, so that what it allocates and what its clients allocate are two figures.</summary>
internal sealed class BrokerProcess : IDisposable
{
    /// <summary>Makes this program a broker over a folder, with a flush interval in milliseconds.</summary>
    public const string Argument = "--broker";

    public const string Hub = "bench";
    public const int Partitions = 4;

    private readonly Process process;

    private BrokerProcess(Process process, string connectionString) => (this.process, ConnectionString) = (process, connectionString);

    public string ConnectionString { get; }

    /// <param name="folder">Where the events lie.</param>
    /// <param name="flushMilliseconds">0: each group of sends is flushed; -1: never.</param>
    public static BrokerProcess Start(string folder, int flushMilliseconds)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [typeof(BrokerProcess).Assembly.Location, Argument, folder, flushMilliseconds.ToString(CultureInfo.InvariantCulture)]
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var started = Process.Start(start)!;
        return new BrokerProcess(started, Line(started));
    }

    /// <summary>Bytes that the broker has allocated since its start.</summary>
    public long Allocated()
    {
        process.StandardInput.WriteLine("allocated");
        return long.Parse(Line(process), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
        {
            process.Kill();
        }

        process.Dispose();
    }

    /// <summary>The program's life as a broker: its connection string, then a number for each line in.</summary>
    public static async Task<int> RunAsync(string folder, string flushMilliseconds)
    {
        await using var broker = await EventHubsBroker.StartAsync(
            new EventHubsOptions
            {
                Folder = folder,
                Port = 0,
                Flush = TimeSpan.FromMilliseconds(int.Parse(flushMilliseconds, CultureInfo.InvariantCulture)),
                Hubs = [new(Hub) { Partitions = Partitions }],
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
        Console.WriteLine(broker.ConnectionString);
        while (Console.ReadLine() is not null)
        {
            Console.WriteLine(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    private static string Line(Process from) =>
        from.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The broker's process has ended; its error is above.");
}
