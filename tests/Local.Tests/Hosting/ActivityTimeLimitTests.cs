using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Durable;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>Activities that take longer than a short <c>functionTimeout</c>: they run again, and nothing else waits for them.</summary>
public sealed class ActivityTimeLimitTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly SaidLog log = new();

    private static KeyValuePair<string, string?> OnePlace =>
        new("AzureFunctionsJobHost:extensions:durableTask:maxConcurrentActivityFunctions", "1");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        log.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("awaits")]
    [InlineData("blocks")]
    public async Task Activity_HangsOnce_RunsAgainAndItsLateResultIsDropped(string how)
    {
        var hang = Work.New();
        await using var app = await StartAsync();
        var client = await ClientAsync(app);

        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Twice), how, Stop);
        await Eventually.HoldsAsync(() => Work.Runs(how) == 2, "a second run beside the one that hangs", Stop);
        await Eventually.HoldsAsync(() => Work.Seen.Contains("after " + how), "the orchestration to go on", Stop);
        // The result of the first comes while the orchestration still lives.
        hang.SetResult();
        await Eventually.HoldsAsync(() => log.Has("after it was left behind; its result is not used"), "its end to be said", Stop);
        await client.RaiseEventAsync(id, "Go", Stop);
        var end = await EndAsync(client, id);

        Assert.Equal("run 2, run 2 after " + how, end.ReadOutputAs<string>());
        Assert.Equal(2, Work.Runs(how));
        Assert.True(
            log.Has(
                $"Error Timeout value of 00:00:03 exceeded by activity 'Hangs' of instance {id} (task 0, run 1). As on the platform this is no failure"
            )
        );
        Assert.True(log.Has($"left behind: it keeps its thread"));
        var history = app.Services.GetRequiredService<DurableHost>().GetHistory(id)!;
        Assert.Equal(2, history.Count(entry => entry.EventType == "TaskCompleted"));
        Assert.DoesNotContain(history, entry => entry.EventType == "TaskFailed");
    }

    [Theory]
    [InlineData("heeds")]
    [InlineData("returns")]
    public async Task Activity_HeedsItsToken_RunsAgainAndNothingIsLeftBehind(string how)
    {
        Work.New();
        await using var app = await StartAsync();
        var client = await ClientAsync(app);

        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Once), how, Stop);
        var end = await EndAsync(client, id);

        Assert.Equal("run 2", end.ReadOutputAs<string>());
        Assert.True(log.Has($"exceeded by activity 'Hangs' of instance {id} (task 0, run 1)"));
        Assert.False(log.Has("left behind"));
    }

    [Fact]
    public async Task FanOut_OneHangs_TheOthersHaveItsPlace()
    {
        var hang = Work.New();
        await using var app = await StartAsync(OnePlace);
        var client = await ClientAsync(app);

        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Fan), Stop);
        var end = await EndAsync(client, id);

        Assert.Equal("run 2, run 1, run 1, run 1", end.ReadOutputAs<string>());
        hang.SetResult();
    }

    [Fact]
    public async Task Activity_HangsAgainAndAgain_RunsUntilItsInstanceIsTerminated()
    {
        var hang = Work.New();
        await using var app = await StartAsync(OnePlace);
        var client = await ClientAsync(app);
        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Once), "always", Stop);
        await Eventually.HoldsAsync(() => log.Has($"of instance {id} (task 0, run 2)"), "the second run to be left behind", Stop);

        await client.TerminateInstanceAsync(id, "enough", Stop);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await EndAsync(client, id)).RuntimeStatus);
        // The first waits for the place of the run that is under way, the second behind the run that would come next.
        Assert.Equal("run 1", await FineAsync(client));
        var runs = Work.Runs("always");
        Assert.Equal("run 2", await FineAsync(client));
        Assert.Equal(runs, Work.Runs("always"));
        hang.SetResult();
    }

    [Fact]
    public async Task Stop_ActivityThatWasLeftBehind_IsNotWaitedForAndRunsAtTheNextStart()
    {
        var hang = Work.New();
        string id;
        await using (var app = await StartAsync())
        {
            var client = await ClientAsync(app);
            id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Twice), "blocks", Stop);
            await Eventually.HoldsAsync(() => Work.Seen.Contains("after blocks"), "the orchestration to go on", Stop);

            await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(15), Stop);

            Assert.False(log.Has("after it was left behind"));
        }
        await using (var app = await StartAsync())
        {
            var client = await ClientAsync(app);
            await client.RaiseEventAsync(id, "Go", Stop);
            Assert.Equal("run 2, run 2 after blocks", (await EndAsync(client, id)).ReadOutputAs<string>());
        }
        hang.SetResult();
    }

    private static Task<OrchestrationMetadata> EndAsync(DurableTaskClient client, string id) =>
        client.WaitForInstanceCompletionAsync(id, true, Stop).WaitAsync(Eventually.Deadline, Stop);

    private static async Task<string?> FineAsync(DurableTaskClient client)
    {
        var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Work.Once), "fine", Stop);
        return (await EndAsync(client, id)).ReadOutputAs<string>();
    }

    private static ValueTask<DurableTaskClient> ClientAsync(TestApp app) =>
        app.Services.GetRequiredService<DurableHost>().ClientAsync(Stop);

    private Task<TestApp> StartAsync(params KeyValuePair<string, string?>[] settings)
    {
        var builder = TestApp.Builder(folder.Path, typeof(Work));
        builder.Configuration.AddInMemoryCollection([
            .. settings,
            KeyValuePair.Create("AzureFunctionsJobHost:functionTimeout", (string?)"00:00:03"),
        ]);
        builder.Services.AddSingleton<ILoggerProvider>(log);
        return TestApp.StartAsync(builder.Build(), folder.Path);
    }

    public static class Work
    {
        private static ConcurrentDictionary<string, int> runs = new();
        private static TaskCompletionSource leave = new();

        public static ConcurrentQueue<string> Seen { get; private set; } = new();

        public static int Runs(string how) => runs.GetValueOrDefault(how);

        public static TaskCompletionSource New()
        {
            (runs, Seen) = (new(), new());
            return leave = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        [Function("Hangs")]
        public static async Task<string> Hangs([ActivityTrigger] string how, CancellationToken cancellationToken)
        {
            var until = leave.Task;
            var run = runs.AddOrUpdate(how, 1, (_, before) => before + 1);
            Seen.Enqueue($"{how} {run}");
            switch (how)
            {
                case "blocks" when run == 1:
                    until.Wait(CancellationToken.None);
                    break;
                case "awaits" when run == 1:
                case "always":
                    await until;
                    break;
                case "heeds" when run == 1:
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case "returns" when run == 1:
                    await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
            }
            return $"run {run}";
        }

        [Function("Says")]
        public static string Says([ActivityTrigger] string what)
        {
            Seen.Enqueue(what);
            return what;
        }

        [Function(nameof(Once))]
        public static Task<string> Once([OrchestrationTrigger] TaskOrchestrationContext context, string how) =>
            context.CallActivityAsync<string>("Hangs", how);

        [Function(nameof(Twice))]
        public static async Task<string> Twice([OrchestrationTrigger] TaskOrchestrationContext context, string how)
        {
            var first = await context.CallActivityAsync<string>(
                "Hangs",
                how,
                TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromMilliseconds(1)))
            );
            var second = await context.CallActivityAsync<string>("Says", "after " + how);
            await context.WaitForExternalEvent<object?>("Go");
            return $"{first}, {first} {second}";
        }

        [Function(nameof(Fan))]
        public static async Task<string> Fan([OrchestrationTrigger] TaskOrchestrationContext context) =>
            string.Join(
                ", ",
                await Task.WhenAll(
                    ((string[])["awaits", "fine", "good", "well"]).Select(how => context.CallActivityAsync<string>("Hangs", how))
                )
            );
    }
}
