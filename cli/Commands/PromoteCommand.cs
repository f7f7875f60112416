using System.CommandLine;
using Serverless.Cli.Api;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless promote MODEL VERSION</c>: forward, or the way back.</summary>
internal static class PromoteCommand
{
    private static readonly Argument<string> Model = new("model") { Description = "The model's name." };
    private static readonly Argument<int> Version = new("version") { Description = "A registered version." };

    public static Command Create()
    {
        var command = new Command("promote", "Put a registered version into production (the way back included).") { Model, Version };
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                using var api = Connection.Open(arguments);
                var (model, version) = (arguments.GetRequiredValue(Model), arguments.GetValue(Version));
                await api.PromoteAsync(model, version, cancellationToken);
                Terminal.Out.WriteLine($"{model} v{version} is the champion; every instance answers with it within seconds.");
                return 0;
            }
        );
        return command;
    }
}
