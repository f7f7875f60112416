using Serverless.Pipeline.Monitoring;

namespace Serverless.Pipeline.Tests.Monitoring;

public sealed class StabilityIndexTests
{
    [Fact]
    public void Of_EqualShares_IsZero() => Assert.Equal(0, StabilityIndex.Of([10, 20, 70, 0], [100, 200, 700, 0]), 12);

    [Fact]
    public void Of_KnownShares_IsTheFormulasValue()
    {
        // 0.3 ln 4 and 0.1 ln 1.5, each from both ends.
        var expected = (0.6 * Math.Log(4)) + (0.2 * Math.Log(1.5));

        Assert.Equal(expected, StabilityIndex.Of([10, 20, 30, 40], [400, 300, 200, 100]), 12);
        Assert.Equal(0.912870, expected, 5);
    }

    [Fact]
    public void Of_EmptyBin_CountsAsTheFloor()
    {
        var expected = ((0.5 - 1e-4) * Math.Log(0.5 / 1e-4)) + (-0.5 * Math.Log(0.5));

        Assert.Equal(expected, StabilityIndex.Of([0, 100], [50, 50]), 12);
        Assert.Equal(expected, StabilityIndex.Of([50, 50], [0, 100]), 12);
    }

    [Fact]
    public void Of_NoRows_IsNoNumber()
    {
        Assert.True(double.IsNaN(StabilityIndex.Of([0, 0], [1, 2])));
        Assert.True(double.IsNaN(StabilityIndex.Of([1, 2], [0, 0])));
        Assert.Equal(double.PositiveInfinity, StabilityIndex.Chance([1, 2], [0, 0]));
    }

    [Theory]
    [InlineData(200, 225)]
    [InlineData(1000, 1500)]
    public void Chance_SameDistribution_IsSeldomExceeded(int rows, int referenceRows)
    {
        const int Trials = 2000;
        var random = new Random(20261128);
        var above = 0;
        var largest = 0.0;
        for (var trial = 0; trial < Trials; trial++)
        {
            var (expected, actual) = (Draw(random, referenceRows), Draw(random, rows));
            var index = StabilityIndex.Of(expected, actual);
            var chance = StabilityIndex.Chance(expected, actual);
            above += index > chance ? 1 : 0;
            largest = Math.Max(largest, index / chance);
        }

        // 1 in 1,000 is what the law says; it holds for many rows, so small ones may have a few more.
        Assert.InRange(above, 0, 12);
        Assert.True(largest > 0.7, $"The bound is far from anything that happens: {largest}.");
    }

    private static long[] Draw(Random random, int rows)
    {
        var counts = new long[10];
        for (var row = 0; row < rows; row++)
        {
            counts[random.Next(counts.Length)]++;
        }

        return counts;
    }
}
