using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Serverless.Local.Tests.Hosting;
using Serverless.Local.Triggers;
using Serverless.Local.Triggers.Timers;
using Serverless.Testing;

namespace Serverless.Local.Tests.Triggers;

public sealed class TimerTriggerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("0 */5 * * * *", "2026-03-01T12:05:00")]
    [InlineData("*/20 * * * * *", "2026-03-01T12:00:20")]
    [InlineData("30 0 9 * * Mon-Fri", "2026-03-02T09:00:30")]
    [InlineData("0 0 0 29 feb *", "2028-02-29T00:00:00")]
    [InlineData("0 0 0 1,15 * *", "2026-03-15T00:00:00")]
    [InlineData("0 30 9 1 1-6/2 *", "2026-05-01T09:30:00")]
    [InlineData("0 0 12 * * 7", "2026-03-08T12:00:00")]
    [InlineData("5 4 3 2 1 *", "2027-01-02T03:04:05")]
    [InlineData("*/30 * * * *", "2026-03-01T12:30:00")]
    [InlineData("01:00:00", "2026-03-01T13:00:00")]
    public void Next_Schedule_GivesTheFirstTimeAfter(string schedule, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected + "Z"), CronSchedule.Parse(schedule).Next(Noon));

    [Fact]
    public void Next_DayThatNeverComes_IsNull() => Assert.Null(CronSchedule.Parse("0 0 0 30 2 *").Next(Noon));

    [Theory]
    [InlineData("* * *", "3 fields")]
    [InlineData("0 60 * * * *", "from 0 to 59")]
    [InlineData("0 0 0 * 13 *", "from 1 to 12")]
    [InlineData("0 0 5-1 * * *", "'5-1'")]
    [InlineData("0 0 x * * *", "'x'")]
    [InlineData("0 */0 * * * *", "'0'")]
    [InlineData("00:00:00", "interval")]
    public void Parse_WrongSchedule_NamesTheField(string schedule, string part) =>
        Assert.Contains(part, Assert.Throws<FormatException>(() => CronSchedule.Parse(schedule)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Timer_TimePasses_RunsAtEachTimeAndOnceForWhatItMissed()
    {
        using var folder = new TestFolder();
        var time = new FakeTimeProvider(Noon);
        await using (await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Hourly)).Build(), folder.Path))
        {
            var file = Path.Combine(folder.Path, ".serverless", "timers", "Hourly.json");
            await Eventually.HoldsAsync(() => File.Exists(file), "the schedule to be written", TestContext.Current.CancellationToken);
            await AdvanceUntil(time, 1);
            await AdvanceUntil(time, 2);
        }
        Assert.All(Hourly.Runs.Take(2), run => Assert.False(run.IsPastDue && run.ScheduleStatus is null));
        // Away for half a day: one run makes up for it.
        time.Advance(TimeSpan.FromHours(12));
        await using (await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Hourly)).Build(), folder.Path))
            await Eventually.HoldsAsync(() => Hourly.Runs.Count == 3, "the missed run", TestContext.Current.CancellationToken);
        var missed = Hourly.Runs.Last();
        Assert.True(missed.IsPastDue);
        Assert.Equal(0, missed.ScheduleStatus!.Last.Minute);
        Assert.Equal(missed.ScheduleStatus.Last.AddHours(2), missed.ScheduleStatus.Next);
    }

    [Fact]
    public async Task Timer_RunOnStartup_RunsAtOnce()
    {
        using var folder = new TestFolder();
        await using var app = await TestApp.StartAsync(
            TestApp.Builder(folder.Path, new FakeTimeProvider(Noon), typeof(AtStart)).Build(),
            folder.Path
        );
        await AtStart.Ran.Task.WaitAsync(Eventually.Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Timer_FunctionStillRuns_IsNotRunBesideItself()
    {
        using var folder = new TestFolder();
        var time = new FakeTimeProvider(Noon);
        await using var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Slow)).Build(), folder.Path);
        await AdvanceAsync(time, () => Slow.Inside == 1, "the first run");
        // Ten more of its times pass meanwhile.
        time.Advance(TimeSpan.FromMinutes(10));
        Slow.Leave.Release();
        await AdvanceAsync(time, () => Slow.Runs == 2 && Slow.Inside == 1, "the second run");
        Assert.Equal(1, Slow.Most);
        Slow.Leave.Release(1000);
    }

    [Fact]
    public async Task Timer_ScheduleWasChanged_MakesUpForNothingOfTheOldOne()
    {
        using var folder = new TestFolder();
        var file = folder.Write(
            ".serverless/timers/Changed.json",
            """{ "Schedule": "0 30 * * * *", "Last": "2026-03-01T10:30:00Z", "Next": "2026-03-01T11:30:00Z", "LastUpdated": "2026-03-01T10:30:00Z" }"""
        );
        var time = new FakeTimeProvider(Noon);
        await using var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Changed)).Build(), folder.Path);
        await Eventually.HoldsAsync(
            () =>
                TextOf(file).Contains("0 0 \\u002A", StringComparison.Ordinal)
                || TextOf(file).Contains("0 0 * * * *", StringComparison.Ordinal),
            "the new schedule to be written",
            TestContext.Current.CancellationToken
        );
        Assert.Empty(Changed.Runs);
        await AdvanceAsync(time, () => !Changed.Runs.IsEmpty, "the first run of the new schedule");
        Assert.False(Changed.Runs.Single().IsPastDue);
    }

    [Fact]
    public async Task Timer_WithoutMonitorOrMoreOftenThanAMinute_KeepsNothing()
    {
        using var folder = new TestFolder();
        var time = new FakeTimeProvider(Noon);
        await using var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Unwatched)).Build(), folder.Path);
        await AdvanceAsync(time, () => Unwatched.Hourly is not null && Unwatched.Often is not null, "a run of both");
        Assert.Equal((null, null), (Unwatched.Hourly!.ScheduleStatus, Unwatched.Often!.ScheduleStatus));
        Assert.False(Directory.Exists(folder.File(".serverless/timers")));
    }

    [Fact]
    public async Task Timer_FunctionFails_IsRunAgainAsItsAttributeSays()
    {
        using var folder = new TestFolder();
        var time = new FakeTimeProvider(Noon);
        Flaky.Clock = time;
        await using var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, time, typeof(Flaky)).Build(), folder.Path);

        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return Flaky.Runs.Count == 4;
            },
            "the first run and three more",
            TestContext.Current.CancellationToken
        );

        Assert.Equal([(0, 5), (1, 5), (2, 5), (3, 5)], Flaky.Runs.Select(run => (run.Count, run.Most)));
        var waits = Flaky.Runs.Zip(Flaky.Runs.Skip(1), (one, next) => next.At - one.At).ToList();
        // 2, 4, 5 s; the clock goes in whole seconds and a run may see it late.
        Assert.All(waits.Zip([2, 4, 5]), wait => Assert.True(wait.First >= TimeSpan.FromSeconds(wait.Second), $"{wait}"));
    }

    [Theory]
    [InlineData(5, 1, 2)]
    [InlineData(5, 3, 5)]
    [InlineData(-1, 60, 5)]
    public void WaitAfter_ExponentialBackoff_DoublesUpToTheLongest(int retries, int failures, int seconds)
    {
        var plan = new RetryPlan(retries, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5));

        Assert.Equal((true, TimeSpan.FromSeconds(seconds)), (plan.Allows(failures), plan.WaitAfter(failures)));
        Assert.Equal(retries < 0, plan.Allows(6));
    }

    private static string TextOf(string file) => File.Exists(file) ? File.ReadAllText(file) : "";

    private static Task AdvanceAsync(FakeTimeProvider time, Func<bool> seen, string what) =>
        Eventually.HoldsAsync(
            () =>
            {
                if (!seen())
                    time.Advance(TimeSpan.FromMinutes(1));
                return seen();
            },
            what,
            TestContext.Current.CancellationToken
        );

    private static Task AdvanceUntil(FakeTimeProvider time, int runs) =>
        Eventually.HoldsAsync(
            () =>
            {
                if (Hourly.Runs.Count < runs)
                    time.Advance(TimeSpan.FromMinutes(1));
                return Hourly.Runs.Count >= runs;
            },
            $"run {runs}",
            TestContext.Current.CancellationToken
        );

    public static class Hourly
    {
        public static ConcurrentQueue<TimerInfo> Runs { get; } = new();

        [Function("Hourly")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) => Runs.Enqueue(timer);
    }

    public static class Flaky
    {
        private static readonly ConcurrentQueue<(int Count, int Most, DateTimeOffset At)> All = new();

        public static IReadOnlyCollection<(int Count, int Most, DateTimeOffset At)> Runs => All;

        public static TimeProvider? Clock { get; set; }

        [Function("Flaky")]
        [ExponentialBackoffRetry(5, "00:00:02", "00:00:05")]
        public static void Run([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer, FunctionContext context)
        {
            All.Enqueue((context.RetryContext.RetryCount, context.RetryContext.MaxRetryCount, Clock!.GetUtcNow()));
            if (context.RetryContext.RetryCount < 3)
                throw new InvalidOperationException("not yet");
        }
    }

    public static class Slow
    {
        private static readonly Lock Gate = new();

        public static SemaphoreSlim Leave { get; } = new(0);

        public static int Inside { get; private set; }

        public static int Most { get; private set; }

        public static int Runs { get; private set; }

        [Function("Slow")]
        public static async Task Run([TimerTrigger("0 * * * * *")] TimerInfo timer)
        {
            lock (Gate)
            {
                Runs++;
                Most = Math.Max(Most, ++Inside);
            }
            await Leave.WaitAsync();
            lock (Gate)
                Inside--;
        }
    }

    public static class Changed
    {
        public static ConcurrentQueue<TimerInfo> Runs { get; } = new();

        [Function("Changed")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) => Runs.Enqueue(timer);
    }

    public static class Unwatched
    {
        public static TimerInfo? Hourly { get; private set; }

        public static TimerInfo? Often { get; private set; }

        [Function("UnwatchedHourly")]
        public static void RunHourly([TimerTrigger("0 0 * * * *", UseMonitor = false)] TimerInfo timer) => Hourly = timer;

        [Function("UnwatchedOften")]
        public static void RunOften([TimerTrigger("*/20 * * * * *")] TimerInfo timer) => Often = timer;
    }

    public static class AtStart
    {
        public static TaskCompletionSource Ran { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("AtStart")]
        public static void Run([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) => Ran.TrySetResult();
    }
}
