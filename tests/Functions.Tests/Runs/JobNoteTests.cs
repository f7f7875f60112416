using Serverless.Functions.Runs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Functions.Tests.Runs;

public sealed class JobNoteTests
{
    private static readonly JobResult Running = new() { State = JobState.Running };

    [Theory]
    [InlineData("reading", 0, 0, "rows", "reading: 0 rows", false)]
    [InlineData("forming", 1, 3, "workers", "forming: 1 of 3 workers", true)]
    [InlineData("training", 20, 2000, "rounds", "training: 20 of 2,000 rounds", false)]
    public void Of_Running_IsHowFarItIs(string phase, long done, long total, string unit, string text, bool waits) =>
        Assert.Equal(new JobNote(text, waits), JobNote.Of(Running with { Progress = new JobProgress(phase, done, total, unit) }));

    [Fact]
    public void Of_NothingIsSaidYet_IsNothing() => Assert.Equal(new JobNote(null, false), JobNote.Of(Running));

    [Fact]
    public void Of_Waiting_SaysWhereItIsNoLongerLookedFor()
    {
        const string Waits = "waits for a worker; until one takes the job, or the run is cancelled";
        var waiting = new JobResult { State = JobState.Waiting };
        var tried = new[] { "westeurope", "northeurope" }.Select(region => new RegionTry(region, 1, default, default));

        Assert.Equal(new JobNote(Waits, true), JobNote.Of(null));
        Assert.Equal(new JobNote(Waits, true), JobNote.Of(waiting));
        Assert.Equal(
            new JobNote($"{Waits}; not in westeurope, northeurope, where too few came", true),
            JobNote.Of(waiting with { Tried = [.. tried] })
        );
    }
}
