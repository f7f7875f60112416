using System.CommandLine;
using Serverless.Cli.Api;
using Serverless.Cli.Stack;
using Serverless.Cli.View;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Commands;

/// <summary><c>serverless batch FILE --model NAME</c>: scores a file or a data set, follows the job, fetches the result.</summary>
internal static class BatchCommand
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    private static readonly Argument<FileInfo?> File = new("file")
    {
        Description = "Rows: CSV (also gzipped) or Parquet.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Dataset = new("--dataset")
    {
        Description = "A data set version in the place of a file, as 'serverless runs RUN --json' shows it.",
        HelpName = "VERSION",
    };

    private static readonly Option<string> Model = new("--model", "-m")
    {
        Description = "The model.",
        HelpName = "NAME",
        Required = true,
    };

    private static readonly Option<int?> Version = new("--version", "-n")
    {
        Description = "A version of the model. Default: the champion.",
        HelpName = "N",
    };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Follow the job to its end." };

    private static readonly Option<FileInfo?> Output = new("--output", "-o")
    {
        Description = "Wait, then fetch the result into one file.",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("batch", "Score a file or a data set with a model.") { File, Dataset, Model, Version, Wait, Output };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var (file, dataset, output) = (arguments.GetValue(File), arguments.GetValue(Dataset), arguments.GetValue(Output));
        if (file is null == dataset is null)
        {
            throw new StackException("Found neither or both of a file and --dataset; expected one.");
        }

        if (file is { Exists: false })
        {
            throw new StackException($"{file.FullName} is not there; expected a CSV or Parquet file. Check the name.");
        }

        if (output is { Exists: true })
        {
            throw new StackException($"{output.FullName} is there already and is not overwritten. Remove it, or name another file.");
        }

        using var api = Connection.Open(arguments);
        var (model, version) = (arguments.GetRequiredValue(Model), arguments.GetValue(Version));
        var receipt = await StartAsync(api, model, file, dataset, version, cancellationToken);
        Terminal.Out.WriteLine(
            $"Batch job {receipt.JobId} (v{receipt.Version}){(receipt.Started ? "" : ": these rows were scored by this version before; it is one job")}"
        );
        if (!arguments.GetValue(Wait) && output is null)
        {
            Terminal.Out.WriteLine($"Follow it with 'serverless batches {receipt.JobId}'.");
            return 0;
        }

        var job = await FollowAsync(api, receipt.JobId, cancellationToken);
        var code = Report(job);
        if (code == 0 && output is not null)
        {
            await new BatchDownload(api, job).WriteAsync(output, cancellationToken);
            Terminal.Out.WriteLine($"Wrote {output.FullName}.");
        }

        return code;
    }

    /// <summary>Shows progress until the job ends.</summary>
    public static async Task<BatchView> FollowAsync(ApiClient api, string jobId, CancellationToken cancellationToken)
    {
        var said = "";
        while (true)
        {
            var job = await api.BatchAsync(jobId, cancellationToken);
            var line = job.Rows is { } rows ? $"{job.Note ?? "scoring"}: {job.Done:N0} of {rows:N0} rows" : job.Note ?? "reading";
            if (line != said)
            {
                Terminal.Out.WriteLine(said = line);
            }

            if (RunText.IsFinal(job.State))
            {
                return job;
            }

            await Task.Delay(Look, cancellationToken);
        }
    }

    /// <summary>What came of it; the exit code.</summary>
    public static int Report(BatchView job)
    {
        if (job is not { State: RunState.Succeeded, Summary: { } summary })
        {
            Terminal.Out.WriteLine($"{job.State.ToString().ToLowerInvariant()}: {job.Failure}");
            return 1;
        }

        Terminal.Out.WriteLine(
            $"{summary.Rows:N0} rows, {summary.Failed:N0} failed, {summary.Parts.Count} parts in {job.Result} ({RunText.Elapsed(summary.EndedAt - summary.StartedAt)})"
        );
        foreach (var failure in summary.Failures.Take(10))
        {
            Terminal.Out.WriteLine($"  row {failure.Row:N0}: {failure.Reason}");
        }

        foreach (var (name, rows) in summary.Classes ?? new Dictionary<string, long>())
        {
            Terminal.Out.WriteLine($"  {summary.Columns["prediction"]} = {name}: {rows:N0} rows");
        }

        if (summary.Values is { } values)
        {
            Terminal.Out.WriteLine(
                $"  {summary.Columns["prediction"]}: mean {RunText.Number(values.Mean)}, {RunText.Number(values.Min)} to {RunText.Number(values.Max)}"
            );
        }

        return 0;
    }

    private static async Task<BatchReceipt> StartAsync(
        ApiClient api,
        string model,
        FileInfo? file,
        string? dataset,
        int? version,
        CancellationToken cancellationToken
    )
    {
        if (file is null)
        {
            return await api.StartBatchAsync(model, new BatchOrder(dataset, Version: version), cancellationToken);
        }

        await using var content = file.OpenRead();
        return await api.UploadBatchAsync(model, file.Name, content, version, cancellationToken);
    }
}
