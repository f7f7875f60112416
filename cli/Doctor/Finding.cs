namespace Serverless.Cli.Doctor;

internal enum Verdict
{
    Ok,

    /// <summary>Could not be looked at, and need not be.</summary>
    Skipped,

    /// <summary>Works, and somebody should look.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Error,
}

/// <param name="Check">What was looked at.</param>
/// <param name="Verdict">How it is.</param>
/// <param name="Found">What was found.</param>
/// <param name="Advice">What to do; null where there is nothing to do.</param>
internal sealed record Finding(string Check, Verdict Verdict, string Found, string? Advice = null)
{
    public static Finding Ok(string check, string found) => new(check, Verdict.Ok, found);

    public static Finding Skipped(string check, string found, string? advice = null) => new(check, Verdict.Skipped, found, advice);

    public static Finding Warning(string check, string found, string advice) => new(check, Verdict.Warning, found, advice);

    public static Finding Error(string check, string found, string advice) => new(check, Verdict.Error, found, advice);
}

/// <param name="Healthy">Nothing was found that does not work; warnings are no errors.</param>
/// <param name="Findings">In the order in which things build on each other.</param>
internal sealed record DoctorReport(bool Healthy, IReadOnlyList<Finding> Findings)
{
    public static DoctorReport Of(IReadOnlyList<Finding> findings) =>
        new(findings.All(finding => finding.Verdict != Verdict.Error), findings);
}
