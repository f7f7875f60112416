using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Serverless.Local.EventHubs;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Doctor;

/// <summary>Whether the host of the event hubs takes connections: AMQP over TLS (5671) in Azure, plain (5672) of a local broker.</summary>
/// <param name="hubs">Which; its key is not used: nothing is sent.</param>
/// <param name="source">Who named it.</param>
internal sealed class HubCheck(EventHubsConnectionString hubs, string source)
{
    private const string Check = "event hubs";
    private const string Namespace = "fullyQualifiedNamespace";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The hubs of a deployed app's settings, else those that the environment names, else those of the stack that runs here. None of them: no
    /// finding, since streaming is a choice.
    /// </summary>
    public static async Task<IReadOnlyList<Finding>> RunAsync(
        AppSettings? settings,
        IConfiguration environment,
        string? running,
        CancellationToken cancellationToken
    )
    {
        var section = environment.GetSection(Hubs.Connection);
        try
        {
            var check =
                settings?.HubsHost is { Length: > 0 } deployed ? new HubCheck(EventHubsConnectionString.OfNamespace(deployed), "--settings")
                : settings is not null ? null
                : section.Value is { Length: > 0 } text ? new HubCheck(EventHubsConnectionString.Parse(text), "the environment")
                : section[Namespace] is { Length: > 0 } host ? new HubCheck(EventHubsConnectionString.OfNamespace(host), "the environment")
                : running is not null ? new HubCheck(EventHubsConnectionString.Parse(running), "the stack that runs here")
                : null;
            return check is null ? [] : [await check.RunAsync(cancellationToken)];
        }
        catch (FormatException wrong)
        {
            return
            [
                Finding.Error(
                    Check,
                    $"{Hubs.Connection} is not readable: {wrong.Message}",
                    $"Set {Hubs.Connection}__{Namespace} to NAME.servicebus.windows.net, or {Hubs.Connection} to a connection string."
                ),
            ];
        }
    }

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"{hubs.Host}:{hubs.Port}");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var clock = Stopwatch.StartNew();
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(hubs.Host, hubs.Port, patience.Token);
            return Finding.Ok(
                Check,
                string.Create(CultureInfo.InvariantCulture, $"{place} ({source}) took a connection in {clock.ElapsedMilliseconds} ms")
            );
        }
        catch (SocketException refused)
        {
            return Finding.Error(Check, $"{place} ({source}) does not answer: {refused.Message}", Advice());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Finding.Error(Check, $"{place} ({source}) did not answer within {Patience.TotalSeconds:0} s", Advice());
        }
    }

    private string Advice() =>
        hubs.IsEmulator
            ? "Start it: 'serverless up' brings it, 'serverless hubs' alone."
            : "Is the name right, and may this network send to port 5671? Under private networking ask from inside.";
}
