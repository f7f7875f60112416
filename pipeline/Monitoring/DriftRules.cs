namespace Serverless.Pipeline.Monitoring;

/// <summary>Judges a window.</summary>
public static class DriftRules
{
    /// <summary>Least rows of window and reference. Below, the law that tells chance from drift does not hold.</summary>
    public const int MinRows = 50;

    /// <param name="subject">Whose window.</param>
    /// <param name="reference">Of that version.</param>
    /// <param name="window">What was counted; null when nothing was.</param>
    /// <param name="threshold">The index from which a column has drifted, above 0.</param>
    /// <exception cref="InvalidDataException">The counts are not of this reference.</exception>
    public static DriftReport Judge(DriftSubject subject, ReferenceProfile reference, CountedRows? window, double threshold)
    {
        var report = new DriftReport
        {
            Model = subject.Model,
            Version = subject.Version,
            From = subject.From,
            To = subject.To,
            State = DriftState.TooFewRows,
            Rows = window?.Rows ?? 0,
            ReferenceRows = reference.Rows,
            Threshold = threshold,
        };
        if (window is null || window.Rows < MinRows || reference.Rows < MinRows)
        {
            return report;
        }

        if (window.Columns.Count != reference.Columns.Count)
        {
            throw new InvalidDataException($"The window has {window.Columns.Count} columns, the reference {reference.Columns.Count}.");
        }

        var columns = reference
            .Columns.Zip(window.Columns, (before, now) => Column(before, now, threshold))
            .Append(Column(reference.Prediction, window.Prediction, threshold))
            .OrderByDescending(column => column.Psi)
            .ToList();
        var drifted = columns.Any(column => column.Drifted);
        return report with { State = drifted ? DriftState.Drifted : DriftState.Steady, Columns = columns };
    }

    private static ColumnDrift Column(ColumnBins before, IReadOnlyList<long> now, double threshold)
    {
        if (before.Counts.Count != now.Count)
        {
            throw new InvalidDataException(
                $"Column '{before.Name}' has {now.Count} bins in the window, {before.Counts.Count} in the reference."
            );
        }

        var psi = StabilityIndex.Of(before.Counts, now);
        var chance = StabilityIndex.Chance(before.Counts, now);
        return new ColumnDrift(before.Name, psi, chance, psi > threshold && psi > chance, Missing(now), Missing(before.Counts));
    }

    private static double Missing(IReadOnlyList<long> counts) => counts[^1] / (double)counts.Sum();
}

/// <param name="Model">Name of the model.</param>
/// <param name="Version">The version that answered.</param>
/// <param name="From">Start of the window, inclusive.</param>
/// <param name="To">End of the window, exclusive.</param>
public sealed record DriftSubject(string Model, int Version, DateTimeOffset From, DateTimeOffset To);
