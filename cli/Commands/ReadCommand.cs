using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Cli.Streaming;
using Serverless.Local.Triggers.EventHubs.Amqp;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless read HUB</c>: the events of a hub, one a line.</summary>
internal static class ReadCommand
{
    private static readonly Argument<string> Hub = new("hub")
    {
        Description = $"The hub: {Hubs.Predictions}, {Hubs.Alerts} or {Hubs.Telemetry}.",
        DefaultValueFactory = _ => Hubs.Predictions,
    };
    private static readonly Option<bool> FromNow = new("--from-now") { Description = "Only what comes from now on." };
    private static readonly Option<int> Count = new("--count", "-n")
    {
        Description = "End after so many; 0 goes on until Ctrl-C.",
        HelpName = "N",
    };

    public static Command Create()
    {
        var command = new Command("read", "Print the events of a hub as they are, one a line, until Ctrl-C.")
        {
            Hub,
            FromNow,
            Count,
            HubAccess.Connection,
            HubAccess.Namespace,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        await using var connections = HubAccess.Open(arguments);
        try
        {
            var fromStart = !arguments.GetValue(FromNow);
            await using var reader = await HubReader.OpenAsync(connections, arguments.GetRequiredValue(Hub), fromStart, cancellationToken);
            var left = arguments.GetValue(Count) is > 0 and var count ? count : int.MaxValue;
            await foreach (var one in reader.ReadAsync(cancellationToken))
            {
                Console.Out.WriteLine(one.EventBody.ToString());
                if (--left == 0)
                {
                    break;
                }
            }
        }
        catch (HubException failed)
        {
            throw new StackException(failed.Message, failed);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how it ends.
        }

        return 0;
    }
}
