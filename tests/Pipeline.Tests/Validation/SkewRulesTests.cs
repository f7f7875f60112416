using Serverless.Pipeline.Validation;

namespace Serverless.Pipeline.Tests.Validation;

public sealed class SkewRulesTests
{
    [Fact]
    public void Psi_SameShares_IsZero() => Assert.Equal(0, SkewRules.Psi([0.2, 0.8], [0.2, 0.8]));

    [Fact]
    public void Psi_KnownShares_IsTheTextbookValue() =>
        // (0.5 - 0.4) ln(0.5 / 0.4) + (0.5 - 0.6) ln(0.5 / 0.6)
        Assert.Equal(0.04054651, SkewRules.Psi([0.4, 0.6], [0.5, 0.5]), 8);

    [Fact]
    public void Psi_EmptyBin_StaysFinite() => Assert.InRange(SkewRules.Psi([1, 0], [0, 1]), 10, 20);
}
