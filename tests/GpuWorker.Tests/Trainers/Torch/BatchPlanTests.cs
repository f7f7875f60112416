using Serverless.GpuWorker.Trainers.Torch.Fitting;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

public sealed class BatchPlanTests
{
    [Theory]
    [InlineData(1, 32)]
    [InlineData(1000, 32)]
    [InlineData(1025, 128)]
    public void Rows_OfAnEpoch_AreAllRowsOnce(int rows, int batch)
    {
        var plan = new BatchPlan(rows, batch, 7);
        var seen = new List<int>();
        var sizes = new List<int>();
        for (var step = 0; step < plan.Steps; step++)
        {
            seen.AddRange(plan.Rows(1, step));
            sizes.Add(plan.Rows(1, step).Length);
        }

        Assert.Equal(Enumerable.Range(0, rows), seen.Order());
        Assert.True(sizes.Max() - sizes.Min() <= 1);
        Assert.Equal(sizes.Max(), plan.Largest);
    }

    [Fact]
    public void Rows_AskedOutOfOrder_AreTheSame()
    {
        var (one, other) = (new BatchPlan(500, 32, 7), new BatchPlan(500, 32, 7));
        one.Rows(1, 0);
        one.Rows(2, 3);

        Assert.Equal(one.Rows(3, 5), other.Rows(3, 5));
        Assert.NotEqual(one.Rows(3, 5).ToArray(), new BatchPlan(500, 32, 8).Rows(3, 5).ToArray());
        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(step => one.Seed(step % 10, step)).Distinct().Count());
    }

    [Fact]
    public void LearningRate_OverAllSteps_RisesThenFallsToNothing()
    {
        var rate = new LearningRate(0.01, 1000);

        Assert.True(rate.At(0) < rate.At(10));
        Assert.Equal(0.01, rate.At(30), 1e-12);
        Assert.True(rate.At(500) > rate.At(501));
        Assert.InRange(rate.At(999), 0, 1e-7);
    }
}
