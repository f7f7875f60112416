using System.Net;
using Serverless.Cli.Stack;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Telemetry;

/// <summary>Without a target: the app and a worker do their work, and nobody listens to anything they would say.</summary>
public sealed class OffTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Processes_WithoutATarget_HaveNoListenersAndNothingOfOpenTelemetry()
    {
        using var listening = new Listening();
        await using var stack = await TestStack.StartAsync(environment: listening.Settings);
        var name = await stack.PutAsync(SmallData.Definition("silent"));
        await stack.UploadAsync(name, "a.csv", SmallData.Csv(1));
        await stack.SucceedsAsync((await stack.OnlyRunAsync(name)).RunId);
        await stack.PredictAsync(name, 1, SmallData.Row);
        using var metrics = await stack.Http.GetAsync("metrics", Token);
        Assert.Equal(HttpStatusCode.NotFound, metrics.StatusCode);

        // Each has done the work that would be told of.
        var app = await SawAsync(listening, Programs.App, "instrument Serverless/serverless.prediction.duration");
        var worker = await SawAsync(listening, Programs.Worker, "instrument Serverless/serverless.job.duration");

        foreach (var lines in new[] { app, worker })
        {
            Assert.Contains("source Serverless off", lines);
            Assert.DoesNotContain(lines, line => line.EndsWith(" on", StringComparison.Ordinal));
            Assert.DoesNotContain(lines, line => line.EndsWith(" loaded", StringComparison.Ordinal));
        }

        Assert.Contains("source Microsoft.Azure.Functions.Worker off", app);
    }

    private static Task<IReadOnlyList<string>> SawAsync(Listening listening, string program, string what) =>
        Eventually.GivesAsync(
            () =>
                Task.FromResult(
                    listening.Of(program).FirstOrDefault(lines => lines.Any(line => line.StartsWith(what, StringComparison.Ordinal)))
                ),
            $"'{what}' in a report of {program}",
            Token
        );
}
