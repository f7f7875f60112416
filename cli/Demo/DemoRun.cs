using Serverless.Cli.Api;
using Serverless.Cli.Csv;
using Serverless.Cli.Stack;
using Serverless.Cli.View;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.Demo;

/// <summary>The whole way of one file, shown.</summary>
internal sealed class DemoRun(IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan ServedWithin = TimeSpan.FromSeconds(30);

    private readonly Timeline timeline = new(console, time);

    /// <summary>Gives the exit code.</summary>
    public async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var state = StateFolder.Of(ProjectRoot.Path);
        if (state.RunningApp() is { } running)
        {
            console.WriteLine($"A stack runs already: {running.Url}; the demo uses it.");
            using var there = new ApiClient(new Uri(running.Url + "/"), state.Key());
            return await ShowAsync(there, state.Key() ?? "", options, cancellationToken);
        }

        await using var stack = await timeline.StepAsync(
            "Start storage emulator and app",
            () => LocalStack.StartAsync(StackFor(options, state), cancellationToken)
        );
        using var api = new ApiClient(new Uri(stack.Url + "/"), stack.Key);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = ShowAsync(api, stack.Key, options, ended.Token);
        if (await Task.WhenAny(work, stack.Failed) == work)
        {
            return await work;
        }

        await ended.CancelAsync();
        await stack.Failed;
        return 1;
    }

    private StackOptions StackFor(DemoOptions options, StateFolder state) =>
        new()
        {
            Folder = state.Path,
            Port = options.Port ?? FreePorts.FirstOrAny(StackOptions.DefaultPort, 1),
            StoragePort = options.StoragePort ?? FreePorts.FirstOrAny(StackOptions.DefaultStoragePort, 3),
            RandomEvictions = options.Evictions,
            Report = console.WriteLine,
        };

    private async Task<int> ShowAsync(ApiClient api, string key, DemoOptions options, CancellationToken cancellationToken)
    {
        var seed = options.Seed ?? await NextSeedAsync(api, cancellationToken);
        using var sample = new Sample(options.Rows, seed);
        await timeline.StepAsync(
            $"Generate {options.Rows:N0} rows of machines (seed {seed}, {sample.Name})",
            async () =>
            {
                await sample.WriteAsync(cancellationToken);
                return true;
            }
        );
        var receipt = await timeline.StepAsync(
            "Store pipeline.yaml and drop the file",
            async () =>
            {
                await api.PutDefinitionAsync(Sample.Pipeline, await Sample.DefinitionAsync(cancellationToken), cancellationToken);
                await using var content = File.OpenRead(sample.File);
                return await api.DropAsync(Sample.Pipeline, sample.Name, content, test: null, cancellationToken);
            }
        );
        var runId = receipt.RunId ?? throw new StackException("The sample started no run; expected one. See .serverless/logs/app.log.");
        console.WriteLine(
            receipt.Started
                ? $"Run {runId}"
                : $"Run {runId}: this very file was dropped before, so this is the known run. Another --seed makes another file."
        );
        var run = await new RunFollower(api, console, time).FollowAsync(runId, cancellationToken);
        if (run.State != RunState.Succeeded)
        {
            return RunSummary.Write(console, run);
        }

        var report = new DemoReport(console, api.Url, key);
        var example = await AskAsync(api, run, sample, cancellationToken);
        report.Write(run, await api.EvaluationAsync(runId, cancellationToken), example, timeline, receipt.Started);
        return 0;
    }

    /// <summary>One more than the versions that there are: another file than any before.</summary>
    private static async Task<int> NextSeedAsync(ApiClient api, CancellationToken cancellationToken)
    {
        var models = await api.ModelsAsync(cancellationToken);
        return 1 + (models.FirstOrDefault(model => model.Name == Sample.Pipeline)?.Versions ?? 0);
    }

    /// <summary>Asks the champion about the sample's first row, as soon as it answers.</summary>
    private async Task<DemoExample> AskAsync(ApiClient api, RunView run, Sample sample, CancellationToken cancellationToken)
    {
        var model = await api.ModelAsync(run.Pipeline, cancellationToken);
        var champion = model.Aliases.Champion ?? throw new StackException($"Model {run.Pipeline} has no champion: {run.Verdict}");
        var manifest = await api.ManifestAsync(run.Pipeline, champion, cancellationToken);
        var rows = CsvRows.ToJson(await sample.HeadAsync(cancellationToken), sample.Name, manifest.Signature.Inputs);
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var asked = time.GetTimestamp();
                var answer = await api.PredictAsync(run.Pipeline, version: null, rows, cancellationToken);
                if (answer.Contains($"\"version\":{champion}", StringComparison.Ordinal) || time.GetElapsedTime(began) > ServedWithin)
                {
                    timeline.Add("Predict", time.GetElapsedTime(asked));
                    return new DemoExample(champion, rows, answer);
                }
            }
            catch (ApiException away) when (away.Status is 404 or 503 && time.GetElapsedTime(began) < ServedWithin)
            {
                // The new deployment is being loaded.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }
}

/// <param name="Champion">The version that answered.</param>
/// <param name="Rows">The request's body.</param>
/// <param name="Answer">The answer's body.</param>
internal sealed record DemoExample(int Champion, string Rows, string Answer);
