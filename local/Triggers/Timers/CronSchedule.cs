using System.Globalization;

namespace Serverless.Local.Triggers.Timers;

/// <summary>
/// Six fields: second minute hour day month weekday (0 or 7 is Sunday), each a list of values, ranges and steps; names of months and
/// weekdays. All six must fit, as on the platform. Or an interval as hh:mm:ss. Times are UTC.
/// </summary>
internal sealed class CronSchedule
{
    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly bool[][] _fields = [];
    private readonly TimeSpan? _interval;

    private CronSchedule(string text, bool[][] fields)
    {
        Text = text;
        _fields = fields;
    }

    private CronSchedule(string text, TimeSpan interval)
    {
        Text = text;
        _interval = interval;
    }

    public string Text { get; }

    /// <summary>The platform keeps no state of schedules that come round within a minute.</summary>
    public bool IsFrequent(DateTimeOffset now) =>
        Next(now) is { } first && Next(first) is { } second && second - first < TimeSpan.FromMinutes(1);

    /// <exception cref="FormatException">With the field that is wrong and what it may be.</exception>
    public static CronSchedule Parse(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval >= TimeSpan.FromSeconds(1)
                ? new(text, interval)
                : throw new FormatException($"'{text}' is not an interval; expected hh:mm:ss of one second or more.");
        }
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 5)
            parts = ["0", .. parts];
        if (parts.Length != 6)
            throw new FormatException(
                $"'{text}' has {parts.Length} fields; expected six (second minute hour day month weekday), for example '0 */5 * * * *'."
            );
        return new(
            text,
            [
                Field(parts[0], "second", 0, 59, []),
                Field(parts[1], "minute", 0, 59, []),
                Field(parts[2], "hour", 0, 23, []),
                Field(parts[3], "day", 1, 31, []),
                Field(parts[4], "month", 1, 12, Months),
                Weekday(Field(parts[5], "weekday", 0, 7, Weekdays)),
            ]
        );
    }

    /// <summary>The first time after <paramref name="after"/>; null when there is none in the next eight years (30 February).</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (_interval is { } interval)
            return after + interval;
        var t = new DateTimeOffset(after.UtcDateTime.Ticks - (after.UtcDateTime.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero).AddSeconds(
            1
        );
        var end = t.AddYears(8);
        while (t < end)
        {
            if (!_fields[4][t.Month])
                t = new DateTimeOffset(t.Year, t.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
            else if (!_fields[3][t.Day] || !_fields[5][(int)t.DayOfWeek])
                t = new DateTimeOffset(t.Year, t.Month, t.Day, 0, 0, 0, TimeSpan.Zero).AddDays(1);
            else if (!_fields[2][t.Hour])
                t = new DateTimeOffset(t.Year, t.Month, t.Day, t.Hour, 0, 0, TimeSpan.Zero).AddHours(1);
            else if (!_fields[1][t.Minute])
                t = new DateTimeOffset(t.Year, t.Month, t.Day, t.Hour, t.Minute, 0, TimeSpan.Zero).AddMinutes(1);
            else if (!_fields[0][t.Second])
                t = t.AddSeconds(1);
            else
                return t;
        }
        return null;
    }

    private static bool[] Field(string text, string name, int least, int most, string[] names)
    {
        var allowed = new bool[most + 1];
        foreach (var item in text.Split(','))
        {
            var slash = item.Split('/');
            var step = slash.Length == 1 ? 1 : Number(slash[1], text, name, 1, most, []);
            var range = slash[0].Split('-');
            if (slash.Length > 2 || range.Length > 2)
                throw Wrong(item, text, name, least, most);
            var (from, to) = range switch
            {
                ["*"] => (least, most),
                [var one] => (Number(one, text, name, least, most, names), slash.Length == 1 ? -1 : most),
                [var first, var last] => (Number(first, text, name, least, most, names), Number(last, text, name, least, most, names)),
                _ => throw Wrong(item, text, name, least, most),
            };
            if (to == -1)
                to = from;
            if (to < from)
                throw Wrong(item, text, name, least, most);
            for (var value = from; value <= to; value += step)
                allowed[value] = true;
        }
        return allowed;
    }

    private static int Number(string text, string field, string name, int least, int most, string[] names)
    {
        var named = Array.FindIndex(names, n => string.Equals(n, text.Length > 3 ? text[..3] : text, StringComparison.OrdinalIgnoreCase));
        if (named >= 0)
            return name == "month" ? named + 1 : named;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw Wrong(text, field, name, least, most);
    }

    private static bool[] Weekday(bool[] days)
    {
        days[0] |= days[7];
        return days;
    }

    private static FormatException Wrong(string item, string field, string name, int least, int most) =>
        new(
            $"'{item}' in the {name} field '{field}' is not valid; expected *, numbers from {least} to {most}, lists (1,2), ranges (1-5) or steps (*/5)."
        );
}
