using System.Net;
using System.Net.Sockets;
using Serverless.Cli.Stack;

namespace Serverless.Cli.Doctor;

/// <summary>Whether <c>serverless up</c> would find its ports free, where no stack runs yet.</summary>
internal static class LocalPorts
{
    public static IReadOnlyList<Finding> Run(StateFolder state, int app, int storage)
    {
        if (state.RunningApp() is { } running)
        {
            return [Finding.Ok("ports", $"a stack runs: {running.Url} (process {running.Pid})")];
        }

        return [Look("port of the app", [app], "--port"), Look("ports of storage", [storage, storage + 1, storage + 2], "--storage-port")];
    }

    private static Finding Look(string check, int[] ports, string option)
    {
        var taken = ports.Where(port => !IsFree(port)).ToList();
        return taken.Count == 0
            ? Finding.Ok(check, $"{string.Join(", ", ports)} free")
            : Finding.Warning(
                check,
                $"{string.Join(", ", taken)} taken by another program",
                $"'serverless up' needs them: stop that program, or start with {option} (0 takes free ones)."
            );
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
