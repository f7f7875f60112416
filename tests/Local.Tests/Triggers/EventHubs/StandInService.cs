using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.Tests.Triggers.EventHubs;

/// <summary>
/// What of Event Hubs a client with an identity meets: <c>$cbs</c> takes tokens of type jwt that begin with "good", and hub <c>telemetry</c> takes messages
/// once it has seen one. Plain AMQP; the service asks for TLS.
/// </summary>
internal sealed class StandInService : IDisposable
{
    private readonly ContainerHost host;

    private StandInService(ContainerHost host, int port) => (this.host, Port) = (host, port);

    public int Port { get; }

    /// <summary>Type, name and text of every token shown, in order.</summary>
    public ConcurrentQueue<(string? Type, string? Name, string? Text)> Shown { get; } = new();

    /// <summary>Messages that hub <c>telemetry</c> has taken.</summary>
    public int Taken { get; private set; }

    public static StandInService Start()
    {
        // The library does not tell which port it has, so a free one is looked for; another process may be quicker.
        for (var attempt = 0; ; attempt++)
        {
            var port = FreePort();
            var made = new ContainerHost(new Address($"amqp://127.0.0.1:{port}"));
            made.Listeners[0].SASL.EnableAnonymousMechanism = true;
            var service = new StandInService(made, port);
            made.RegisterRequestProcessor("$cbs", new Tokens(service));
            made.RegisterMessageProcessor("telemetry", new Messages(service));
            try
            {
                made.Open();
                return service;
            }
            catch (SocketException) when (attempt < 10) { }
        }
    }

    public void Dispose() => host.Close();

    private static int FreePort()
    {
        using var socket = new TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }

    private static bool IsGood((string? Type, string? Name, string? Text) shown) =>
        shown.Type == "jwt" && shown.Text?.StartsWith("good", StringComparison.Ordinal) == true;

    private sealed class Tokens(StandInService service) : IRequestProcessor
    {
        public int Credit => 100;

        public void Process(RequestContext requestContext)
        {
            var (request, asked) = (requestContext.Message, requestContext.Message.ApplicationProperties);
            var shown = (asked["type"] as string, asked["name"] as string, request.Body as string);
            service.Shown.Enqueue(shown);
            var isGood = asked["operation"] as string == "put-token" && IsGood(shown);
            requestContext.Complete(
                new Message
                {
                    Properties = new Properties { CorrelationId = request.Properties.MessageId },
                    ApplicationProperties = new ApplicationProperties
                    {
                        ["status-code"] = isGood ? 202 : 401,
                        ["status-description"] = isGood ? "Accepted" : "InvalidToken",
                    },
                }
            );
        }
    }

    private sealed class Messages(StandInService service) : IMessageProcessor
    {
        public int Credit => 100;

        public void Process(MessageContext messageContext)
        {
            if (!service.Shown.Any(IsGood))
            {
                messageContext.Complete(new Error(ErrorCode.UnauthorizedAccess));
                return;
            }

            service.Taken++;
            messageContext.Complete();
        }
    }
}
