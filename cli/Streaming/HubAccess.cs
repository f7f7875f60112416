using System.CommandLine;
using Serverless.Cli.Stack;
using Serverless.Local.EventHubs;

namespace Serverless.Cli.Streaming;

/// <summary>Which namespace a command speaks to: <c>--connection</c>, else the setting, else the stack that runs here.</summary>
internal static class HubAccess
{
    public const string Variable = "EventHubConnection";

    public static Option<string?> Connection { get; } =
        new("--connection")
        {
            Description =
                $"Connection string of the Event Hubs namespace. Default: {Variable} of the environment, else the stack that runs here.",
            HelpName = "TEXT",
        };

    /// <exception cref="StackException">None is named and none runs here, or it cannot be read.</exception>
    public static EventHubsConnectionString Find(ParseResult arguments)
    {
        var text =
            NotEmpty(arguments.GetValue(Connection))
            ?? NotEmpty(Environment.GetEnvironmentVariable(Variable))
            ?? StateFolder.Nearest().Hubs()
            ?? throw new StackException(
                $"No hubs run here. Start the stack with 'serverless up' (in another terminal), or name a namespace with --connection or {Variable}."
            );
        try
        {
            return EventHubsConnectionString.Parse(text);
        }
        catch (FormatException broken)
        {
            throw new StackException(broken.Message, broken);
        }
    }

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
