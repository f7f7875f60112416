using Serverless.GpuWorker.Trainers.Torch.Encoders;

namespace Serverless.GpuWorker.Tests.Trainers.Torch;

public sealed class NumericPiecesTests
{
    [Fact]
    public void Encode_AnyValue_IsWhatTheGraphComputes()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 500).Select(_ => random.NextDouble() * 100 - 30).ToArray();
        var pieces = NumericPieces.Fit(values, 16);
        double[] odd = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300, -1e300, 0, -0.0, double.Epsilon];
        var encoded = new float[pieces.Count];

        foreach (
            var value in values
                .Concat(odd)
                .Concat(pieces.Edges)
                .Concat(pieces.Edges.SelectMany(e => new[] { Math.BitIncrement(e), Math.BitDecrement(e) }))
        )
        {
            pieces.Encode(value, encoded);

            var x = double.IsNaN(value) ? pieces.Median : value;
            for (var i = 0; i < encoded.Length; i++)
            {
                Assert.Equal((float)Math.Clamp((x - pieces.Edges[i]) / pieces.Widths[i], 0, 1), encoded[i]);
            }
        }
    }

    [Fact]
    public void Fit_FewDistinctValues_HasAnEdgeAtEach()
    {
        var pieces = NumericPieces.Fit([3, 1, 1, 7, 3, double.NaN], 48);

        Assert.Equal([1, 3, 7], pieces.Edges);
        Assert.Equal(3, pieces.Median);
        Assert.True(pieces.HasMissing);
    }

    [Fact]
    public void Fit_ManyEqualValues_HasRisingEdges()
    {
        var values = Enumerable.Range(0, 1000).Select(i => i < 900 ? 0.0 : i).ToArray();

        var pieces = NumericPieces.Fit(values, 8);

        Assert.All(pieces.Widths, width => Assert.True(width > 0));
        Assert.Equal(999, pieces.Edges[^1]);
    }

    [Theory]
    [InlineData(new[] { 5.0, 5, double.NaN })]
    [InlineData(new[] { double.NaN, double.NaN })]
    [InlineData(new[] { double.MaxValue, -double.MaxValue, double.PositiveInfinity })]
    public void Fit_OddColumns_EncodesFiniteNumbers(double[] values)
    {
        var pieces = NumericPieces.Fit([.. values], 4);
        var encoded = new float[pieces.Count];

        foreach (var value in values)
        {
            pieces.Encode(value, encoded);
            Assert.All(encoded, number => Assert.InRange(number, 0, 1));
        }
    }
}
