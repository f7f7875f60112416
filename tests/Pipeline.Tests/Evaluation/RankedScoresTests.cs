using CsCheck;
using Serverless.Pipeline.Evaluation;

namespace Serverless.Pipeline.Tests.Evaluation;

public sealed class RankedScoresTests
{
    // Few distinct scores, so that ties are common.
    private static readonly Gen<(double Score, bool Positive)[]> Rows = Gen.Select(Gen.Int[0, 8].Select(i => i / 8.0), Gen.Bool).Array[
        1,
        60
    ];

    [Fact]
    public void Auc_ScikitLearnsExample_IsItsValue()
    {
        var ranked = Of([(0.1, false), (0.4, false), (0.35, true), (0.8, true)]);

        Assert.Equal(0.75, ranked.Auc()!.Value, 12);
        Assert.Equal(0.8333333333333333, ranked.AveragePrecision()!.Value, 12);
    }

    [Fact]
    public void Auc_AllScoresEqual_IsOneHalf()
    {
        var ranked = Of([(0.3, true), (0.3, false), (0.3, false)]);

        Assert.Equal(0.5, ranked.Auc()!.Value, 12);
        Assert.Equal(1.0 / 3, ranked.AveragePrecision()!.Value, 12);
    }

    [Fact]
    public void Auc_OneClass_IsUndefined()
    {
        Assert.Null(Of([(0.3, true), (0.4, true)]).Auc());
        Assert.Null(Of([(0.3, false)]).AveragePrecision());
        Assert.Equal(1, Of([(0.3, true)]).AveragePrecision()!.Value);
    }

    [Fact]
    public void Auc_AnyRows_IsShareOfPairsInOrder() =>
        Rows.Sample(rows =>
        {
            var pairs =
                from positive in rows
                where positive.Positive
                from negative in rows
                where !negative.Positive
                select positive.Score > negative.Score ? 1.0
                : positive.Score == negative.Score ? 0.5
                : 0;
            double? expected = pairs.Any() ? pairs.Average() : null;
            var found = Of(rows).Auc();
            return expected is null ? found is null : Math.Abs(found!.Value - expected.Value) < 1e-12;
        });

    [Fact]
    public void Auc_ScoresTurnedRound_IsTheComplement() =>
        Rows.Sample(rows =>
        {
            var auc = Of(rows).Auc();
            var turned = Of([.. rows.Select(row => (-row.Score, row.Positive))]).Auc();
            return auc is null ? turned is null : Math.Abs(auc.Value + turned!.Value - 1) < 1e-12;
        });

    [Fact]
    public void AveragePrecision_AnyRows_IsTheSumOverThresholds() =>
        Rows.Sample(rows =>
        {
            var positives = rows.Count(row => row.Positive);
            if (positives == 0)
            {
                return Of(rows).AveragePrecision() is null;
            }

            double expected = 0,
                recallBefore = 0;
            foreach (var threshold in rows.Select(row => row.Score).Distinct().OrderDescending())
            {
                var taken = rows.Where(row => row.Score >= threshold).ToList();
                var hits = taken.Count(row => row.Positive);
                expected += ((double)hits / positives - recallBefore) * hits / taken.Count;
                recallBefore = (double)hits / positives;
            }

            return Math.Abs(Of(rows).AveragePrecision()!.Value - expected) < 1e-12;
        });

    [Fact]
    public void Auc_MoreRowsThanCapacity_StaysCloseInBoundedMemory()
    {
        var random = new Random(7);
        var all = new RankedScores();
        var bounded = new RankedScores(capacity: 4096);
        for (var row = 0; row < 100_000; row++)
        {
            var positive = random.NextDouble() < 0.2;
            var score = random.NextDouble() + (positive ? 0.3 : 0);
            all.Add(score, positive);
            bounded.Add(score, positive);
        }

        Assert.True(all.Exact);
        Assert.False(bounded.Exact);
        Assert.Equal(all.Auc()!.Value, bounded.Auc()!.Value, 0.03);
        Assert.Equal(all.AveragePrecision()!.Value, bounded.AveragePrecision()!.Value, 0.05);
    }

    private static RankedScores Of(IEnumerable<(double Score, bool Positive)> rows)
    {
        var ranked = new RankedScores();
        foreach (var (score, positive) in rows)
        {
            ranked.Add(score, positive);
        }

        return ranked;
    }
}
