using System.Globalization;
using System.Text.RegularExpressions;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;

namespace Serverless.Cli.View;

/// <summary>How parts of a run are written.</summary>
internal static partial class RunText
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static bool IsFinal(RunState state) => state is RunState.Succeeded or RunState.Failed or RunState.Cancelled;

    public static string Number(double value) => value.ToString(Math.Abs(value) >= 1000 ? "N0" : "0.0000", CultureInfo.InvariantCulture);

    public static string Elapsed(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{time.TotalSeconds:0.0} s" : $"{(int)time.TotalMinutes} min {time.Seconds} s";

    /// <summary>The time a stage took, or takes by now; null before it began.</summary>
    public static TimeSpan? Took(StageStatus stage, DateTimeOffset now) =>
        stage.StartedAt is { } start ? Positive((stage.EndedAt ?? now) - start) : null;

    public static string Metrics(MetricPoint point) =>
        $"round {point.Round}  " + string.Join("  ", point.Values.Select(value => $"{value.Key} {Number(value.Value)}"));

    /// <summary>The values as a line of small bars, the newest at the right.</summary>
    public static string Sparkline(IReadOnlyList<double> values, int width)
    {
        if (values.Count == 0)
        {
            return "";
        }

        var step = Math.Max(1.0, values.Count / (double)width);
        var shown = Enumerable.Range(0, Math.Min(width, values.Count)).Select(i => values[(int)(i * step)]).Where(double.IsFinite).ToList();
        if (shown.Count == 0)
        {
            return "";
        }

        var (least, most) = (shown.Min(), shown.Max());
        var range = most > least ? most - least : 1;
        return string.Concat(shown.Select(value => Bars[(int)Math.Round((value - least) / range * (Bars.Length - 1))]));
    }

    /// <summary>How much is done by a note such as <c>training: 120 of 1,000 rounds</c>; null when it does not say.</summary>
    public static double? Fraction(string? note)
    {
        var match = Share().Match(note ?? "");
        return match.Success && Count(match, "total") is > 0 and var total ? Math.Clamp(Count(match, "done") / total, 0, 1) : null;
    }

    private static double Count(Match match, string group) =>
        double.Parse(match.Groups[group].ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@": (?<done>[0-9,]+) of (?<total>[0-9,]+) ")]
    private static partial Regex Share();

    private static TimeSpan Positive(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;
}
