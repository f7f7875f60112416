using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.Commands;
using Serverless.Cli.Stack;
using Spectre.Console;

var root = new RootCommand(
    """
    From a file to a model that answers over HTTP: a serverless pipeline, on this machine or in Azure.

    Start with 'serverless demo'. With your own data: 'serverless up' in one terminal, then 'serverless init data.csv --target column'
    and 'serverless run data.csv' in another.
    """
)
{
    DemoCommand.Create(),
    UpCommand.Create(),
    InitCommand.Create(),
    SampleCommand.Create(),
    ValidateCommand.Create(),
    EstimateCommand.Create(),
    PricesCommand.Create(),
    WatchDropsCommand.Create(),
    HubsCommand.Create(),
    SendCommand.Create(),
    ReadCommand.Create(),
    EvictCommand.Create(),
};
Command[] clients =
[
    RunCommand.Create(),
    RunsCommand.Create(),
    LogsCommand.Create(),
    DecisionCommands.Create("approve", "Approve a run that waits for it: its model is deployed."),
    DecisionCommands.Create("reject", "Reject a run that waits for approval: its model stays in the registry, undeployed."),
    DecisionCommands.Create("cancel", "Cancel a run that lives."),
    ModelsCommand.Create(),
    DriftCommand.Create(),
    PromoteCommand.Create(),
    PredictCommand.Create(),
    BatchCommand.Create(),
    BatchesCommand.Create(),
    DoctorCommand.Create(),
];
foreach (var client in clients)
{
    client.Options.Add(Connection.Url);
    client.Options.Add(Connection.Key);
    root.Subcommands.Add(client);
}

if (Console.IsOutputRedirected)
{
    // Nobody's window: lines are not broken.
    AnsiConsole.Profile.Width = 240;
}

try
{
    var configuration = new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
    };
    return await root.Parse(args).InvokeAsync(configuration);
}
catch (Exception known) when (known is StackException or ApiException or InvalidDataException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"error: {known.Message}");
    return 1;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}
