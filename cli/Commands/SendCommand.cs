using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Serverless.Cli.Stack;
using Serverless.Cli.Streaming;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless send FILE</c>: events into the hub, and if asked their results out of the other.</summary>
internal static class SendCommand
{
    /// <summary>Events of one call; also how finely a rate is kept.</summary>
    private const int Batch = 500;

    private static readonly Argument<string> File = new("file")
    {
        Description = "Events: JSON objects, one a line, or CSV with a header, a row an event. '-' is standard input.",
    };
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "The model that is to score them. Default: property 'model' of each event.",
        HelpName = "NAME",
    };
    private static readonly Option<string?> Id = new("--id")
    {
        Description = "The column that holds an event's id. Default: an id is made for each.",
        HelpName = "COLUMN",
    };
    private static readonly Option<int> Rate = new("--rate") { Description = "Events a second; 0 is as fast as it goes.", HelpName = "N" };
    private static readonly Option<bool> Wait = new("--wait") { Description = "Wait for the results, and print them as JSON, one a line." };
    private static readonly Option<int> Timeout = new("--timeout")
    {
        Description = "Seconds without a result after which --wait gives up.",
        DefaultValueFactory = _ => 60,
        HelpName = "SECONDS",
    };

    public static Command Create()
    {
        var command = new Command("send", "Send events to be scored (hub 'telemetry').")
        {
            File,
            Model,
            Id,
            Rate,
            Wait,
            Timeout,
            HubAccess.Connection,
            HubAccess.Namespace,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(File);
        if (file != "-" && !System.IO.File.Exists(file))
        {
            throw new StackException(
                $"{Path.GetFullPath(file)} is not there; expected events as JSON lines or CSV, or '-' for standard input."
            );
        }

        await using var connections = HubAccess.Open(arguments);
        try
        {
            // Before anything is sent, so that no result is missed.
            await using var reader = arguments.GetValue(Wait)
                ? await HubReader.OpenAsync(connections, Hubs.Predictions, fromStart: false, cancellationToken)
                : null;
            var waiting = new ResultWait();
            using var gaveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var results = reader is null ? Task.CompletedTask : waiting.PrintAsync(reader, gaveUp.Token);
            using var text = file == "-" ? Console.In : new StreamReader(file);
            var sent = await SendAsync(
                connections,
                EventFile.Read(text, file, arguments.GetValue(Id)),
                arguments,
                waiting,
                cancellationToken
            );
            await Console.Error.WriteLineAsync(sent);
            if (reader is null)
            {
                return 0;
            }

            await waiting.EndAsync(TimeSpan.FromSeconds(arguments.GetValue(Timeout)), cancellationToken);
            await gaveUp.CancelAsync();
            await results;
            await Console.Error.WriteLineAsync(waiting.Summary());
            return waiting.Missing == 0 ? 0 : 1;
        }
        catch (HubException failed)
        {
            throw new StackException(failed.Message, failed);
        }
    }

    private static async Task<string> SendAsync(
        HubConnections connections,
        IEnumerable<FileEvent> events,
        ParseResult arguments,
        ResultWait waiting,
        CancellationToken cancellationToken
    )
    {
        await using var sender = new HubSender(connections, Hubs.Telemetry, ClientRetry.Default, TimeProvider.System);
        IReadOnlyList<KeyValuePair<string, object>>? properties = arguments.GetValue(Model) is { } model
            ? [KeyValuePair.Create<string, object>("model", model)]
            : null;
        var prefix = Guid.CreateVersion7().ToString("n")[..12];
        var rate = arguments.GetValue(Rate);
        var clock = Stopwatch.StartNew();
        var sent = 0;
        foreach (var chunk in events.Chunk(rate > 0 ? Math.Clamp(rate / 20, 1, Batch) : Batch))
        {
            var batch = new List<OutgoingEvent>(chunk.Length);
            foreach (var one in chunk)
            {
                var id = one.Id ?? string.Create(CultureInfo.InvariantCulture, $"{prefix}-{sent + batch.Count}");
                batch.Add(new OutgoingEvent(one.Body, id, properties));
                waiting.Expect(id);
            }

            await sender.SendAsync(batch, cancellationToken);
            sent += batch.Count;
            if (rate > 0 && TimeSpan.FromSeconds((double)sent / rate) - clock.Elapsed is var early && early > TimeSpan.Zero)
            {
                await Task.Delay(early, cancellationToken);
            }
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{sent:N0} events sent to {connections.Target.Host}/{Hubs.Telemetry} in {clock.Elapsed.TotalSeconds:0.0} s ({sent / clock.Elapsed.TotalSeconds:N0} a second)"
        );
    }
}
