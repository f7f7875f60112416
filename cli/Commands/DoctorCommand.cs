using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Serverless.Cli.Api;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless doctor</c>: what is wrong with an environment, and what to do.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string?> Account = new("--account")
    {
        Description =
            "Storage account in Azure that holds the data (output dataStorageName); your own login opens it. Local checks are left out.",
        HelpName = "NAME",
    };

    private static readonly Option<string?> Storage = new("--storage")
    {
        Description = "Connection string of the storage account. Default: setting Storage of the environment or local.settings.json.",
        HelpName = "CONNECTION",
    };

    private static readonly Option<string?> Settings = new("--settings")
    {
        Description = "A deployed app's settings, as 'az functionapp config appsettings list -o json' writes them.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Roles = new("--roles")
    {
        Description = "A subscription's role assignments, as 'az role assignment list --all -o json' writes them.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "JSON, for programs." };

    public static Command Create()
    {
        var command = new Command(
            "doctor",
            "Check an environment, here or in Azure, and say what to do about what is wrong. Changes nothing."
        )
        {
            Account,
            Storage,
            Settings,
            Roles,
            UpCommand.Port,
            UpCommand.StoragePort,
            Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var folder = Directory.GetCurrentDirectory();
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var target =
            arguments.GetValue(Account) is { } account ? StorageTarget.Account(account)
            : arguments.GetValue(Storage) is { } connection ? StorageTarget.Connection(connection)
            : StorageTarget.Settings(folder, environment);
        // An app that is named, or storage over https, is not this machine's: what is installed here says nothing about it.
        var local = !Connection.IsNamed(arguments) && target.Clients?.Blobs.Uri.Scheme != Uri.UriSchemeHttps;
        var findings = new List<Finding>();
        if (local)
        {
            findings.AddRange(await new LocalTools(ProjectRoot.Path).RunAsync(cancellationToken));
            var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            findings.AddRange(new NativeLibraries(ours.Parent?.Parent?.FullName ?? "", ours.Name).Run());
        }

        var settings = arguments.GetValue(Settings) is { } file ? AppSettings.Open(file) : null;
        findings.AddRange(settings?.Run() ?? []);
        if (arguments.GetValue(Roles) is { } roles)
        {
            findings.AddRange(RoleCheck.Run(roles, settings?.Streaming ?? false));
        }

        findings.AddRange(await StorageAsync(arguments, target, local, cancellationToken));
        findings.AddRange(await HubCheck.RunAsync(settings, environment, local ? StateFolder.Nearest().Hubs() : null, cancellationToken));
        findings.AddRange(await AppAsync(arguments, cancellationToken));
        return Write(DoctorReport.Of(findings), arguments.GetValue(Json));
    }

    private static async Task<IReadOnlyList<Finding>> StorageAsync(
        ParseResult arguments,
        StorageTarget target,
        bool local,
        CancellationToken cancellationToken
    )
    {
        if (target.Clients is not { } clients)
        {
            return [target.Finding];
        }

        if (!local && !target.Named)
        {
            return
            [
                Finding.Skipped("storage", "none is named", "Name the one with the data: --account (output dataStorageName) or --storage."),
            ];
        }

        var storage = new StorageCheck(clients, TimeProvider.System, local);
        var found = await storage.RunAsync(cancellationToken);
        if (!target.Named && found.Any(finding => finding.Verdict == Verdict.Error))
        {
            // Nobody said that there is one: that none runs here yet is no fault.
            return
            [
                .. LocalPorts.Run(StateFolder.Nearest(), arguments.GetValue(UpCommand.Port), arguments.GetValue(UpCommand.StoragePort)),
                Finding.Skipped(
                    "storage",
                    "none answers on the default ports",
                    "'serverless up' starts it; one elsewhere is named with --storage."
                ),
            ];
        }

        return
        [
            target.Finding,
            .. found,
            .. await new QueueCheck(clients, TimeProvider.System, local).RunAsync(storage.Queues, cancellationToken),
        ];
    }

    private static async Task<IReadOnlyList<Finding>> AppAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        if (!Connection.HasApp(arguments))
        {
            return
            [
                Finding.Skipped(
                    "app",
                    "none runs here and none is named",
                    "'serverless up' starts it; one elsewhere is named with --url and --key."
                ),
            ];
        }

        using var api = Connection.Open(arguments);
        return await new AppCheck(api.Url, Connection.KeyOf(arguments)).RunAsync(cancellationToken);
    }

    private static int Write(DoctorReport report, bool json)
    {
        if (json)
        {
            Terminal.WriteJson(report);
        }
        else
        {
            foreach (var finding in report.Findings)
            {
                var (mark, colour) = finding.Verdict switch
                {
                    Verdict.Ok => ("ok     ", "green"),
                    Verdict.Skipped => ("-      ", "grey"),
                    Verdict.Warning => ("warning", "yellow"),
                    _ => ("error  ", "red"),
                };
                Terminal.Out.MarkupLine($"[{colour}]{mark}[/] {Markup.Escape(finding.Check)}: {Markup.Escape(finding.Found)}");
                if (finding.Advice is { } advice)
                {
                    Terminal.Out.MarkupLine($"        {Markup.Escape(advice)}");
                }
            }
        }

        return report.Healthy ? 0 : 1;
    }
}
