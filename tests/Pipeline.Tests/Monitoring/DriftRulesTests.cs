using Serverless.Pipeline.Monitoring;

namespace Serverless.Pipeline.Tests.Monitoring;

public sealed class DriftRulesTests
{
    private static readonly DriftSubject Subject = new("m", 3, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddHours(1));

    [Fact]
    public void Judge_RowsOfTheSameKind_IsSteady()
    {
        var report = DriftRules.Judge(Subject, Watched.Reference(), Watched.Counted(800, seed: 11), threshold: 0.2);

        Assert.Equal(DriftState.Steady, report.State);
        Assert.Equal((800L, 1000L), (report.Rows, report.ReferenceRows));
        Assert.Equal(["(prediction)", "kind", "x0"], report.Columns.Select(column => column.Column).Order(StringComparer.Ordinal));
        Assert.All(report.Columns, column => Assert.InRange(column.Psi, 0, 0.1));
    }

    [Fact]
    public void Judge_ShiftedRows_NamesTheColumnThatMoved()
    {
        var report = DriftRules.Judge(Subject, Watched.Reference(), Watched.Counted(800, seed: 11, shift: 0.5), threshold: 0.2);

        Assert.Equal(DriftState.Drifted, report.State);
        Assert.Equal(["(prediction)", "x0"], report.Columns.Where(c => c.Drifted).Select(c => c.Column).Order(StringComparer.Ordinal));
        Assert.Equal(report.Columns.OrderByDescending(column => column.Psi), report.Columns);
    }

    [Theory]
    [InlineData(49)]
    [InlineData(1)]
    public void Judge_FewRows_SaysNothing(int rows)
    {
        var report = DriftRules.Judge(Subject, Watched.Reference(), Watched.Counted(rows, seed: 1, shift: 9), threshold: 0.2);

        Assert.Equal((DriftState.TooFewRows, (long)rows), (report.State, report.Rows));
        Assert.Empty(report.Columns);
    }

    [Fact]
    public void Judge_NothingCountedOrSmallReference_SaysNothing()
    {
        Assert.Equal(DriftState.TooFewRows, DriftRules.Judge(Subject, Watched.Reference(), null, threshold: 0.2).State);
        Assert.Equal(
            DriftState.TooFewRows,
            DriftRules.Judge(Subject, Watched.Reference(49), Watched.Counted(900, 1), threshold: 0.2).State
        );
    }

    [Fact]
    public void Judge_SmallSampleOverALowThreshold_IsNoDriftWhileChanceExplainsIt()
    {
        var report = DriftRules.Judge(Subject, Watched.Reference(), Watched.Counted(60, seed: 4), threshold: 0.01);

        Assert.Contains(report.Columns, column => column.Psi > report.Threshold);
        Assert.Equal(DriftState.Steady, report.State);
    }
}
