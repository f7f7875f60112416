namespace Serverless.Pipeline.Monitoring;

/// <summary>
/// The population stability index: the sum over the bins of (actual - expected) x ln(actual / expected), of shares. It is the symmetrised
/// Kullback-Leibler divergence; below 0.1 is read as no change, above 0.25 as a large one (Siddiqi, Credit Risk Scorecards, 2006).
/// </summary>
internal static class StabilityIndex
{
    /// <summary>Share of an empty bin, which would make the index infinite. The floor that Evidently takes too.</summary>
    public const double Floor = 1e-4;

    /// <returns>0 where the shares are equal; NaN where either side has no rows.</returns>
    public static double Of(IReadOnlyList<long> expected, IReadOnlyList<long> actual)
    {
        var (all, now) = ((double)expected.Sum(), (double)actual.Sum());
        if (all == 0 || now == 0)
        {
            return double.NaN;
        }

        var index = 0.0;
        for (var bin = 0; bin < expected.Count; bin++)
        {
            var (before, after) = (Math.Max(expected[bin] / all, Floor), Math.Max(actual[bin] / now, Floor));
            index += (after - before) * Math.Log(after / before);
        }

        return index;
    }

    /// <summary>
    /// What chance alone stays below in 999 of 1,000 columns that have not changed: (1/n + 1/m) x the quantile of chi-squared with bins - 1
    /// degrees of freedom (Yurdakul, Statistical Properties of Population Stability Index, 2018), that one by Wilson and Hilferty (1931).
    /// </summary>
    public static double Chance(IReadOnlyList<long> expected, IReadOnlyList<long> actual)
    {
        const double Normal999 = 3.0902;
        var (all, now) = ((double)expected.Sum(), (double)actual.Sum());
        var degrees = expected.Zip(actual).Count(bin => bin.First + bin.Second > 0) - 1;
        if (all == 0 || now == 0)
        {
            return double.PositiveInfinity;
        }

        if (degrees <= 0)
        {
            return 0;
        }

        var spread = 2.0 / (9 * degrees);
        return ((1 / all) + (1 / now)) * degrees * Math.Pow(1 - spread + (Normal999 * Math.Sqrt(spread)), 3);
    }
}
