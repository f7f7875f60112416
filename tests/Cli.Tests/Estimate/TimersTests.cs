using System.Text.RegularExpressions;
using Serverless.Cli.Estimate;
using Serverless.Local.Triggers.Timers;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Estimate;

/// <summary>The timers that 'serverless estimate' counts are those of the app, as often as they come.</summary>
public sealed partial class TimersTests
{
    [Fact]
    public void All_Timers_ComeAsOftenAsTheSourceSays()
    {
        var source = Directory
            .EnumerateFiles(RepositoryRoot.File("functions"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Trigger().Matches(File.ReadAllText(file)))
            .Select(found => (found.Groups["name"].Value, AnHour(found.Groups["schedule"].Value)))
            .Order();

        Assert.Equal(source, Timers.All.Select(timer => (timer.Name, timer.AnHour)).Order());
    }

    /// <summary>Of a day, which must be even: then a month is 730 of its hours.</summary>
    private static int AnHour(string text)
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var schedule = CronSchedule.Parse(text);
        var times = 0;
        for (var at = start.AddTicks(-1); schedule.Next(at) is { } next && next < start.AddDays(1); at = next)
        {
            times++;
        }

        Assert.Equal(0, times % 24);
        return times / 24;
    }

    [GeneratedRegex("""\[Function\(nameof\((?<name>\w+)\)\)\](?:(?!\[Function)[\s\S])*?\[TimerTrigger\("(?<schedule>[^"]+)"[^\]]*\)\]""")]
    private static partial Regex Trigger();
}
