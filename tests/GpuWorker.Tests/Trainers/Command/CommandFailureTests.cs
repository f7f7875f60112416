using System.Text;
using Serverless.GpuWorker.Jobs;
using Serverless.GpuWorker.Trainers.Command;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers.Command;

/// <summary>A program that fails, hangs, takes too much, or leaves what cannot be served.</summary>
public sealed class CommandFailureTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("echo no such column >&2; exit 3", "exit code 3", "no such column")]
    [InlineData("kill -SEGV $$", "crashed (SIGSEGV)", "said nothing")]
    [InlineData("touch $SERVERLESS_OUTPUT/other.txt", "left no model.onnx", "other.txt")]
    [InlineData("echo this is no graph >$SERVERLESS_MODEL", "cannot be served", "does not load")]
    public void Train_ProgramAtFault_IsAUserErrorThatSaysWhy(string script, string said, string more)
    {
        using var bench = new CommandBench(rows: 300);

        var failed = bench.FailsByUser(CommandBench.Shell(script), Cancelled);

        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
        Assert.Contains(more, failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo the licence server is away; exit 75", "the licence server is away")]
    [InlineData("kill -9 $$", "SIGKILL")]
    public void Train_SomethingElseAtFault_IsTriedAgain(string script, string said)
    {
        using var bench = new CommandBench(rows: 300);

        var failed = Assert.Throws<JobRetryException>(() => bench.Train(CommandBench.Shell(script), Cancelled));

        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-program-anywhere", "is in no folder of the worker's PATH")]
    [InlineData("./train.py", "expected it among the files of 'code'")]
    public void Train_NoSuchProgram_SaysWhereItLooked(string program, string said)
    {
        using var bench = new CommandBench(rows: 300);

        var failed = bench.FailsByUser(CommandBench.Shell("") with { Run = [program] }, Cancelled);

        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_PastItsTimeout_KillsAllThatItStarted()
    {
        using var bench = new CommandBench(rows: 300);
        var pids = bench.File("pids");
        // A child in a session of its own, whose parent has ended: neither a group nor a tree of parents finds it.
        var script = $"(setsid sh -c 'echo $$ >>{pids}; exec sleep 600' &); echo $$ >>{pids}; exec sleep 600";

        var failed = bench.FailsByUser(CommandBench.Shell(script) with { Timeout = TimeSpan.FromSeconds(6) }, Cancelled);

        Assert.Contains("ran for 6 s and was killed", failed.Message, StringComparison.Ordinal);
        var started = await File.ReadAllLinesAsync(pids, Cancelled);
        Assert.Equal(2, started.Length);
        await Eventually.HoldsAsync(
            () => started.All(id => !Processes.IsAlive(id)),
            $"the end of {string.Join(" and ", started)}",
            Cancelled
        );
    }

    [Fact]
    public void Train_OverItsMemory_IsKilledAndToldHowMuch()
    {
        using var bench = new CommandBench(rows: 300);
        const string Script = "const kept = []; setInterval(() => kept.push(Buffer.alloc(20e6, 1)), 20)";
        var settings = CommandBench.Shell("") with { Run = ["node", "-e", Script], MemoryMb = 200, Timeout = TimeSpan.FromMinutes(2) };

        var failed = bench.FailsByUser(settings, Cancelled);

        Assert.Contains("of memory and was killed; allowed are 200 MB", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    // The same number of letters: the file stays a graph.
    [InlineData("size", "sizf", "has an input 'sizf'")]
    [InlineData("probabilities", "probabilitees", "no output 'probabilities'")]
    public void Train_GraphOfOtherColumns_NamesWhatIsWrong(string from, string to, string said)
    {
        using var bench = new CommandBench(rows: 300);
        var settings = bench.Node(("epochs", "5")) with
        {
            Run = ["sh", "-c", $"node train.mjs && LC_ALL=C sed -i s/{from}/{to}/g $SERVERLESS_MODEL"],
        };

        var failed = bench.FailsByUser(settings, Cancelled);

        Assert.Contains(said, failed.Message, StringComparison.Ordinal);
        Assert.Contains("docs/command.md", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LineReader_EndlessLinesAndProgressBars_AreBoundedLines()
    {
        var lines = new List<string>();
        var reader = new LineReader(lines.Add);

        reader.Add(Encoding.UTF8.GetBytes("10 %\r20 %\r\nGröße"));
        reader.Add(Encoding.UTF8.GetBytes("\n" + new string('x', LineReader.Longest + 5) + "\nlast"));
        reader.End();

        Assert.Equal(["10 %", "20 %", "Größe", new string('x', LineReader.Longest) + " ...", "last"], lines);
    }
}
