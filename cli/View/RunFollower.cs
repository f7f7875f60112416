using Serverless.Cli.Api;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Spectre.Console;

namespace Serverless.Cli.View;

/// <summary>Follows a run to its end.</summary>
internal sealed class RunFollower(ApiClient api, IAnsiConsole console, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    /// <summary>An app that is starting again does not answer for a while; longer than this is an error.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<RunView> FollowAsync(string runId, CancellationToken cancellationToken)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Capabilities.Ansi)
        {
            return await FollowAsync(runId, new PlainRunDisplay(console, time), cancellationToken);
        }

        return await console
            .Live(new Text(""))
            .AutoClear(false)
            .StartAsync(live => FollowAsync(runId, new LiveRunDisplay(live, time), cancellationToken));
    }

    private async Task<RunView> FollowAsync(string runId, IRunDisplay display, CancellationToken cancellationToken)
    {
        var points = new List<MetricPoint>();
        var answered = time.GetTimestamp();
        while (true)
        {
            try
            {
                var run = await api.RunAsync(runId, cancellationToken);
                if (run.JobId is not null)
                {
                    points.AddRange(await api.MetricsAsync(runId, points.Count, cancellationToken));
                }

                answered = time.GetTimestamp();
                display.Show(run, points);
                if (RunText.IsFinal(run.State))
                {
                    return run;
                }
            }
            catch (ApiException away) when (away.Status is 0 or 404 or 503 && time.GetElapsedTime(answered) < Patience)
            {
                // It starts again, or the run's first record is not written yet.
            }

            await Task.Delay(Interval, time, cancellationToken);
        }
    }
}
