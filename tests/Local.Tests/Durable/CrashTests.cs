using System.Diagnostics;
using System.Globalization;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>Kills a process at chosen points until its work is done, and compares the end with an undisturbed run.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int InstancesOfEachKind = 2;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public Task KillAtSeededAppends_TwentyFive_EndsAsUndisturbed() => KillAsync(seed: 20261, kills: 25);

    [Fact]
    [Trait("Category", "Soak")]
    public async Task KillAtSeededAppends_FiveHundred_EndsAsUndisturbed()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("SOAK") == "1", "Set SOAK=1 to run the soak of 500 kills.");
        await KillAsync(seed: 20262, kills: 500);
    }

    [Theory]
    [InlineData("kill:before-activity:Note", 0)]
    [InlineData("kill:after-activity:Note", 1)]
    [InlineData("kill:after-record:Note", 0)]
    public async Task KillAtActivity_AtEachPoint_RepeatsOnlyWhatWasNotRecorded(string fault, int mayRepeat)
    {
        using var folder = new CrashFolder();
        var calm = await RunAsync(folder.New("calm"), null, null);
        var place = folder.New("killed");

        var ledger = new ActivityLedger(place);
        var killed = await RunAsync(place, fault, Path.Combine(place, "once"));
        await ledger.CheckAsync();
        var end = await RunAsync(place, fault, Path.Combine(place, "once"));
        await ledger.CheckAsync();

        Assert.NotEqual(0, killed.ExitCode);
        Assert.Equal((0, calm.Output), (end.ExitCode, end.Output));
        // Other activities may have been running in the process that died.
        var repeated = ledger.Runs().Sum(pair => pair.Value - 1 - (pair.Key.EndsWith(" t", StringComparison.Ordinal) ? 1 : 0));
        output.WriteLine($"{fault}: {repeated} activities ran again");
        Assert.True(repeated >= mayRepeat, "the activity that was not recorded must run again");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task KillWhileTheIndexIsWritten_AtEachStep_EndsAsUndisturbed(int step)
    {
        using var folder = new CrashFolder();
        var calm = await RunAsync(folder.New("calm"), null, null);
        var place = folder.New("killed");
        var ledger = new ActivityLedger(place);
        // The first index is written at the stop at the latest. Where work is left the second process is killed at its own, with an older one there.
        for (var life = 1; life <= 2; life++)
        {
            var killed = await RunAsync(place, $"kill:index:{step}", null);
            output.WriteLine($"life {life} ended with {killed.ExitCode}");
            Assert.True(life > 1 || killed.ExitCode != 0, "no index was written");
            await ledger.CheckAsync();
        }

        var end = await RunAsync(place, null, null);

        Assert.Equal((0, calm.Output), (end.ExitCode, end.Output));
        await ledger.CheckAsync();
    }

    private async Task KillAsync(int seed, int kills)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new CrashFolder();
        var calm = await RunAsync(folder.New("calm"), null, null);
        Assert.Equal(0, calm.ExitCode);
        var (done, watched) = (0, 0);
        for (var round = 0; done < kills; round++)
        {
            var place = folder.New(round.ToString(CultureInfo.InvariantCulture));
            var ledger = new ActivityLedger(place);
            (int ExitCode, string Output) run;
            do
            {
                // Early and late in the work alike.
                var append = 1 + random.Next(random.Next(2) == 0 ? 20 : 120);
                run = await RunAsync(place, $"kill:append:{append}", null);
                await ledger.CheckAsync();
                if (run.ExitCode != 0)
                    done++;
            } while (run.ExitCode != 0 && done < kills);
            if (run.ExitCode != 0)
                run = await RunAsync(place, null, null);
            Assert.Equal((0, calm.Output), (run.ExitCode, run.Output));
            await ledger.CheckAsync();
            watched += ledger.Recorded;
        }
        output.WriteLine($"{done} kills, every end state as undisturbed; {watched} activities recorded, none of them ran again");
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string place, string? fault, string? once)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && host.EndsWith("dotnet", StringComparison.Ordinal) ? host : "dotnet"
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Serverless.Local.CrashApp.dll"));
        start.ArgumentList.Add(Path.Combine(place, "log"));
        start.ArgumentList.Add(Path.Combine(place, "notes"));
        start.ArgumentList.Add(InstancesOfEachKind.ToString(CultureInfo.InvariantCulture));
        if (fault is not null)
            start.Environment[FaultPlan.Variable] = fault;
        if (once is not null)
            start.Environment[FaultPlan.OnceVariable] = once;
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var standard = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode is 0 or 137, $"exit code {process.ExitCode}: {error}");
            return (process.ExitCode, await standard);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private sealed class CrashFolder : IDisposable
    {
        private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("crash-");

        public string New(string name) => root.CreateSubdirectory(name).FullName;

        public void Dispose() => root.Delete(recursive: true);
    }
}
