using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Tests.Capacity;

public sealed class OfferHistoryTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.Parse("2030-01-01T12:00:00Z");
    private static readonly Offer Spot = new("jobs-cpu", "spot", "S", "r", Spot: true, Max: 5);

    [Fact]
    public void Observe_MachineNobodyDeleted_WasEvictedAndEnoughMakeItRest()
    {
        var before = With("a", "b", "c");

        var first = Observe(before, Now, "b", "c");
        var third = Observe(first, Now.AddMinutes(5));

        Assert.Equal((1, false), (first.EvictionsEver, first.Rests(Now)));
        Assert.Equal((3, true), (third.EvictionsEver, third.Rests(Now.AddMinutes(34))));
        Assert.False(third.Rests(Now.AddMinutes(36)));
    }

    [Fact]
    public void Observe_EvictionsFarApart_DoNotAddUp()
    {
        var state = Observe(With("a", "b", "c"), Now, "b", "c");
        state = Observe(state, Now.AddHours(2), "c");

        Assert.False(Observe(state, Now.AddHours(4)).Rests(Now.AddHours(4)));
    }

    [Fact]
    public void Observe_MachineThatWasDeleted_IsNoEviction()
    {
        var before = new OfferState { Machines = new Dictionary<string, MachineState> { ["a"] = new(Now, DeletedAt: Now) } };

        Assert.Equal(0, Observe(before, Now).EvictionsEver);
    }

    [Fact]
    public void Observe_RaiseThatFailed_RestsForItsReason()
    {
        var before = new OfferState { Raise = new RaiseState(1, Now, new Uri("https://a/b")) };
        var refusal = new Refusal(RefusalKind.NoCapacity, "AllocationFailed", "none");

        var after = OfferHistory.Observe(before, Spot, new ScaleSetView(1, null, []), new OperationView(true, refusal), 3, Now);

        Assert.Equal((true, "no capacity (AllocationFailed)", null), (after.Rests(Now), after.Why, after.Raise));
    }

    [Fact]
    public void Observe_RestIsOver_WhatItWasForIsKnownStill()
    {
        var refused = new OfferState().Refused(new Refusal(RefusalKind.Quota, "QuotaExceeded", "none"), Now);

        var after = Observe(refused, Now.AddHours(1));

        Assert.Equal((null, Now), (after.Why, after.Trouble!.At));
        Assert.StartsWith("no quota", after.Trouble.Why, StringComparison.Ordinal);
        var conflict = after.Refused(new Refusal(RefusalKind.Conflict, "Conflict", "first"), Now.AddHours(1));
        Assert.Equal(after.Trouble, conflict.Trouble);
    }

    [Fact]
    public void Observe_MachinesThatNeverCome_AreNotWaitedForForEver()
    {
        var before = new OfferState { Raise = new RaiseState(2, Now, null) };
        var seen = new ScaleSetView(2, null, ["a"]);

        Assert.NotNull(OfferHistory.Observe(before, Spot, seen, null, 3, Now.AddMinutes(4)).Raise);
        var after = OfferHistory.Observe(before, Spot, seen, null, 3, Now.AddMinutes(5));
        Assert.Equal((null, "no capacity (NotAllStarted)"), (after.Raise, after.Why));
    }

    [Theory]
    [InlineData(WorkerState.Idle, null, null, false, "Idle")]
    [InlineData(WorkerState.Busy, null, null, false, "Busy")]
    [InlineData(WorkerState.Idle, null, "7", false, "Draining")]
    [InlineData(WorkerState.Drained, "7", "7", false, "Drained")]
    [InlineData(WorkerState.Drained, "6", "7", false, "Draining")]
    [InlineData(WorkerState.Drained, "7", null, false, "Idle")]
    [InlineData(WorkerState.Busy, null, "7", false, "Busy")]
    [InlineData(WorkerState.Drained, "7", "7", true, "Busy")]
    public void Of_WorkerAndMark_AgreeBeforeAMachineMayGo(WorkerState state, string? heeded, string? set, bool holdsJob, string use)
    {
        var beat = new WorkerBeat(new MachineInfo("a", MachineKind.Spot), [], state, Now, Now) { Mark = heeded };
        var worker = new KnownWorker(beat, set is null ? null : new DrainMark(set, Now));

        Assert.Equal(use, Machine.Of("a", Spot, new MachineState(Now), worker, holdsJob ? "job" : null, Now).Use.ToString());
        var later = Now.AddMinutes(10);
        Assert.Equal(
            holdsJob ? "Busy" : "Silent",
            Machine.Of("a", Spot, new MachineState(Now), worker, holdsJob ? "job" : null, later).Use.ToString()
        );
    }

    [Theory]
    [InlineData(0, "Starting")]
    [InlineData(14, "Starting")]
    [InlineData(15, "Silent")]
    public void Of_NeverHeardOf_StartsForAQuarterOfAnHour(int minutes, string use) =>
        Assert.Equal(use, Machine.Of("a", Spot, new MachineState(Now), null, null, Now.AddMinutes(minutes)).Use.ToString());

    private static OfferState With(params string[] names) =>
        new() { Machines = names.ToDictionary(name => name, _ => new MachineState(Now)) };

    private static OfferState Observe(OfferState before, DateTimeOffset now, params string[] machines) =>
        OfferHistory.Observe(before, Spot, new ScaleSetView(machines.Length, null, machines), null, 3, now);
}
