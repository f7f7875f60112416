using Microsoft.Extensions.Time.Testing;
using Serverless.GpuWorker.Checkpoints;

namespace Serverless.GpuWorker.Tests.Checkpoints;

public sealed class CheckpointPaceTests
{
    private static readonly CheckpointOptions Options = new();

    /// <summary>Trains for two hours in rounds, saves when due, and looks at what an eviction at any moment would have lost.</summary>
    [Theory]
    [InlineData(0.01, 0.005, 0.1)]
    [InlineData(0.3, 0.05, 0.2)]
    [InlineData(5, 0.3, 1)]
    [InlineData(0.5, 1.0, 3)]
    [InlineData(30, 0.4, 2)]
    public void IsDue_OverHours_KeepsLossAndCostInTheirBounds(double round, double save, double store)
    {
        var time = new FakeTimeProvider();
        var pace = new CheckpointPace(Options, time);
        var (elapsed, spent, stored, lost) = (0.0, 0.0, 0.0, 0.0);
        while (elapsed < 7200)
        {
            Pass(round);
            if (pace.IsDue())
            {
                var taken = elapsed;
                Pass(save);
                pace.Saved(TimeSpan.FromSeconds(save));
                spent += save;
                Pass(store);
                pace.Stored(TimeSpan.FromSeconds(save + store));
                stored = taken;
            }
        }

        Assert.True(spent / elapsed <= Options.CostShare, $"{spent / elapsed:0.0 %} of the time was spent on saving");
        Assert.True(lost / elapsed <= Options.ExpectedLoss.TotalSeconds, $"{lost / elapsed:0.0} s lost on average");

        void Pass(double seconds)
        {
            // The mean over all moments of this stretch of what would be lost at each.
            lost += seconds * (elapsed + seconds / 2 - stored);
            elapsed += seconds;
            time.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public void Interval_CostTooHighForBoth_BoundsTheLossAndTellsTheCost()
    {
        var time = new FakeTimeProvider();
        var pace = new CheckpointPace(Options, time);
        for (var i = 0; i < 1000; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            if (pace.IsDue())
            {
                time.Advance(TimeSpan.FromSeconds(10));
                pace.Saved(TimeSpan.FromSeconds(10));
                pace.Stored(TimeSpan.FromSeconds(15));
            }
        }

        Assert.True(pace.ExpectedLoss <= Options.ExpectedLoss);
        Assert.True(pace.Share > Options.CostShare);
    }
}
