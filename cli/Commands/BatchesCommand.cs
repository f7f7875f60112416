using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.View;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless batches [JOB] [--cancel]</c>: a list, or one job, followed while it lives.</summary>
internal static class BatchesCommand
{
    private static readonly Argument<string?> Job = new("job")
    {
        Description = "A job, to show it and follow it while it lives.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Model = new("--model", "-m") { Description = "Only jobs of this model.", HelpName = "NAME" };

    private static readonly Option<bool> Cancel = new("--cancel") { Description = "Cancel the job." };

    private static readonly Option<bool> Json = new("--json") { Description = "The API's document; a job is not followed." };

    public static Command Create()
    {
        var command = new Command("batches", "List batch jobs, or show, follow or cancel one.") { Job, Model, Cancel, Json };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var api = Connection.Open(arguments);
        if (arguments.GetValue(Job) is { } id)
        {
            if (arguments.GetValue(Cancel))
            {
                await api.CancelBatchAsync(id, cancellationToken);
                Terminal.Out.WriteLine($"cancelled: {id}");
                return 0;
            }

            if (arguments.GetValue(Json))
            {
                Terminal.WriteJson(await api.BatchAsync(id, cancellationToken));
                return 0;
            }

            return BatchCommand.Report(await BatchCommand.FollowAsync(api, id, cancellationToken));
        }

        var page = await api.BatchesAsync(arguments.GetValue(Model), cancellationToken);
        if (arguments.GetValue(Json))
        {
            Terminal.WriteJson(page);
            return 0;
        }

        if (page.Jobs.Count == 0)
        {
            Terminal.Out.WriteLine("No batch jobs. Start one with 'serverless batch FILE --model NAME'.");
            return 0;
        }

        var table = Terminal.List("job", "source", "model", "state", "rows", "failed", "created", "took");
        foreach (var job in page.Jobs)
        {
            table.Row(
                job.JobId,
                job.Source,
                $"v{job.Version}",
                $"{job.State}".ToLowerInvariant(),
                $"{job.Done:N0}",
                $"{job.Failed:N0}",
                job.CreatedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", null),
                RunText.Elapsed(job.UpdatedAt - job.CreatedAt)
            );
        }

        Terminal.Out.Write(table);
        return 0;
    }
}
