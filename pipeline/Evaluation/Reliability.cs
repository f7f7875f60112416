namespace Serverless.Pipeline.Evaluation;

/// <summary>
/// How far stated probabilities are from what came true, in ten bins of equal width; the last bin holds probability 1 too.
/// </summary>
internal sealed class Reliability
{
    public const int Bins = 10;

    private readonly long[] _rows = new long[Bins];
    private readonly double[] _predicted = new double[Bins];
    private readonly long[] _observed = new long[Bins];

    public void Add(double probability, bool cameTrue)
    {
        var bin = Math.Clamp((int)(probability * Bins), 0, Bins - 1);
        _rows[bin]++;
        _predicted[bin] += probability;
        _observed[bin] += cameTrue ? 1 : 0;
    }

    /// <summary>
    /// Expected calibration error: the mean over the rows of |mean probability - share that came true| of their bin
    /// (Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017). Between 0 and 1.
    /// </summary>
    public double Error()
    {
        double sum = 0;
        for (var bin = 0; bin < Bins; bin++)
        {
            sum += Math.Abs(_predicted[bin] - _observed[bin]);
        }

        return sum / Math.Max(1, _rows.Sum());
    }

    public IReadOnlyList<CalibrationBin> ToBins() =>
        [
            .. Enumerable
                .Range(0, Bins)
                .Select(bin =>
                {
                    var rows = Math.Max(1, _rows[bin]);
                    return new CalibrationBin(
                        (double)bin / Bins,
                        (bin + 1.0) / Bins,
                        _rows[bin],
                        _predicted[bin] / rows,
                        (double)_observed[bin] / rows
                    );
                }),
        ];
}
