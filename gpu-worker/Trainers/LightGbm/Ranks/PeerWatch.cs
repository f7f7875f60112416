using System.Net;
using System.Net.NetworkInformation;

namespace Serverless.GpuWorker.Trainers.LightGbm.Ranks;

/// <summary>
/// Ends this process when another rank has closed its connection. LightGBM takes the end of a stream for nothing received yet and asks again without end,
/// at full speed; only a reset is an error to it, and which of the two comes depends on what was on its way.
/// </summary>
internal static class PeerWatch
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(int port, IReadOnlyList<string> addresses, RankLine line, TimeProvider time)
    {
        var machines = addresses.Select(IPEndPoint.Parse).ToHashSet();
        while (true)
        {
            await Task.Delay(Look, time);
            // Lower ranks came in by this rank's port; to higher ones it went by theirs.
            var closed = IPGlobalProperties
                .GetIPGlobalProperties()
                .GetActiveTcpConnections()
                .FirstOrDefault(each =>
                    each.State == TcpState.CloseWait && (each.LocalEndPoint.Port == port || machines.Contains(each.RemoteEndPoint))
                );
            if (closed is not null)
            {
                line.Send(new RankEvent(RankEventKind.Alone) { Why = $"The rank at {closed.RemoteEndPoint} has closed its connection." });
                Environment.Exit(1);
            }
        }
    }
}
