namespace Serverless.Cli.Estimate;

/// <param name="Name">Of its function.</param>
/// <param name="AnHour">How often it comes.</param>
/// <param name="Reads">Blobs that it reads when there is nothing to do.</param>
/// <param name="Lists">Listings that it asks for then.</param>
internal sealed record Timer(string Name, int AnHour, int Reads, int Lists);

/// <summary>The app's own clockwork: it comes whether anybody asks something of the system or not.</summary>
internal static class Timers
{
    /// <summary>Those of <c>functions/</c>; a test compares them with the schedules in the source.</summary>
    public static readonly IReadOnlyList<Timer> All =
    [
        // What the last look remembered, and the open jobs.
        new("KeepCapacity", AnHour: 60, Reads: 1, Lists: 1),
        // Of one model in production its definition, and whether the window has its report; the table of models costs a hundredth of them.
        new("JudgeDrift", AnHour: 4, Reads: 2, Lists: 0),
    ];

    /// <summary>Each is over in less, and a second is the least that is billed.</summary>
    public const decimal Seconds = 1;

    public static decimal AMonth { get; } = All.Sum(timer => timer.AnHour) * MonthlyCost.Hours;

    public static decimal ReadsAMonth { get; } = All.Sum(timer => timer.AnHour * timer.Reads) * MonthlyCost.Hours;

    public static decimal ListsAMonth { get; } = All.Sum(timer => timer.AnHour * timer.Lists) * MonthlyCost.Hours;
}
