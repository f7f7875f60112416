using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>The index that spares a start the histories of what is finished.</summary>
public sealed class IndexTests
{
    private const int PageBytes = 4096;

    private static TestFunctions Functions() =>
        new TestFunctions()
            .Orchestrator("Add", async context => await context.CallActivityAsync<int>("One", context.GetInput<int>()) + 1)
            .Orchestrator(
                "Rounds",
                async context =>
                {
                    context.SetCustomStatus($"round {context.GetInput<int>()}");
                    var next = await context.WaitForExternalEvent<int>("Next");
                    if (context.GetInput<int>() < 2)
                        context.ContinueAsNew(context.GetInput<int>() + 1);
                    return next;
                }
            )
            .Orchestrator(
                "Parent",
                async context =>
                {
                    context.SendEvent("sent-to", "Next", 9);
                    return await context.CallSubOrchestratorAsync<int>("Rounds", 2, new TaskOptions().WithInstanceId("child"));
                }
            )
            .Orchestrator("Fails", async context => await context.CallActivityAsync<int>("Breaks", 1))
            .Activity<int, int>("One", value => value + 1)
            .Activity<int, int>("Breaks", _ => throw new InvalidDataException("as the test wants it"));

    private static DurableOptions Small(DurableOptions options) =>
        options with
        {
            SegmentBytes = 8 * 1024,
            CompactAboveBytes = 24 * 1024,
            IndexEveryBytes = 1024,
        };

    [Fact]
    public async Task Start_FromTheIndex_KnowsWhatAStartFromTheWholeLogKnows()
    {
        await using var hub = await TestHub.StartAsync(Functions(), Small);
        await WorkAsync(hub);
        await hub.StopAsync();
        Assert.True(File.Exists(IndexOf(hub)));
        // All of it is in the one file when it is closed.
        Assert.Equal([IndexOf(hub)], Directory.GetFiles(hub.Engine.LogFolder, "index*"));

        await hub.StartAgainAsync();
        var (read, known) = (hub.Engine.RecordsReadAtStart, await DescribeAsync(hub));
        await hub.StopAsync();
        File.Delete(IndexOf(hub));
        await hub.StartAgainAsync();

        Assert.Equal(await DescribeAsync(hub), known);
        Assert.True(read < hub.Engine.RecordsReadAtStart / 4, $"{read} of {hub.Engine.RecordsReadAtStart} records were read");
        await FinishAsync(hub);
    }

    [Fact]
    public async Task Start_FromTheIndex_GoesOnWithWhatLives()
    {
        await using var hub = await TestHub.StartAsync(Functions(), Small);
        await WorkAsync(hub);
        await hub.RestartAsync();
        await FinishAsync(hub);
    }

    [Theory]
    [InlineData("no database")]
    [InlineData("a damaged row")]
    [InlineData("a damaged head")]
    [InlineData("a page of nothing")]
    [InlineData("cut")]
    [InlineData("empty")]
    [InlineData("missing")]
    [InlineData("of a log that is gone")]
    [InlineData("of another log")]
    public async Task Start_IndexThatCannotBeTrusted_ReadsTheLog(string what)
    {
        await using var hub = await TestHub.StartAsync(Functions(), Small);
        await WorkAsync(hub);
        await hub.StopAsync();
        var known = await KnownAsync(hub);
        var (index, logs) = (await File.ReadAllBytesAsync(IndexOf(hub), TestHub.Cancellation), true);
        switch (what)
        {
            case "no database":
                index[0] ^= 1;
                break;
            case "a damaged row":
                DamageRow(index, "add-50");
                break;
            case "a damaged head":
                // It names the newest record, the one of the last purge or end.
                index.AsSpan(PageBytes, PageBytes).Clear();
                break;
            case "a page of nothing":
                // Of the middle of the rows.
                var at = index.AsSpan().IndexOf("add-77"u8);
                index.AsSpan(at / PageBytes * PageBytes, PageBytes).Clear();
                break;
            case "cut":
                index = index[..^(PageBytes + 9)];
                break;
            case "empty":
                index = [];
                break;
            case "missing":
                break;
            default:
                foreach (var file in Directory.GetFiles(hub.Engine.LogFolder, "*.log"))
                    File.Delete(file);
                logs = false;
                break;
        }
        if (what == "of another log")
        {
            File.Delete(IndexOf(hub));
            await hub.StartAgainAsync();
            for (var i = 0; i < 400; i++)
                await hub.RunAsync("Add", i, $"other-{i}");
            await hub.StopAsync();
        }
        await File.WriteAllBytesAsync(IndexOf(hub), index, TestHub.Cancellation);
        if (what == "missing")
            File.Delete(IndexOf(hub));

        await hub.StartAgainAsync();

        if (logs)
        {
            Assert.Equal(known, await DescribeAsync(hub));
            await FinishAsync(hub);
        }
        else
            Assert.Null(await hub.Client.GetInstanceAsync("waits", TestHub.Cancellation));
        if (what is not ("missing" or "empty"))
            Assert.Contains(hub.Said, line => line.StartsWith("Warning The index of task hub", StringComparison.Ordinal));
        if (what == "of another log")
            Assert.Equal(401, (await hub.Client.GetInstanceAsync("other-399", true, TestHub.Cancellation))!.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Start_DamageThatNobodyMeets_IsFoundAndMended()
    {
        await using var hub = await TestHub.StartAsync(Functions(), Small);
        await WorkAsync(hub);
        await hub.StopAsync();
        var known = await KnownAsync(hub);
        var index = await File.ReadAllBytesAsync(IndexOf(hub), TestHub.Cancellation);
        DamageRow(index, "add-119");
        await File.WriteAllBytesAsync(IndexOf(hub), index, TestHub.Cancellation);

        await hub.StartAgainAsync();

        await Serverless.Testing.Eventually.HoldsAsync(
            () => hub.Said.Any(line => line.Contains("is damaged: a row does not match its checksum", StringComparison.Ordinal)),
            "that the index is damaged is found",
            TestHub.Cancellation
        );
        Assert.Equal(known, await DescribeAsync(hub));
        await FinishAsync(hub);
        await hub.RestartAsync();
        Assert.Equal(121, (await hub.Client.GetInstanceAsync("add-119", true, TestHub.Cancellation))!.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Index_WrittenWhileInstancesStartAndEnd_LosesNoneAtACrash()
    {
        await using var hub = await TestHub.StartAsync(Functions(), options => options with { IndexEveryBytes = 1, SegmentBytes = 4096 });
        var ended = new System.Collections.Concurrent.ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var work = Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(async worker =>
                {
                    for (var i = 0; i < 60; i++)
                    {
                        var id = $"a-{worker}-{i}";
                        await hub.RunAsync("Add", i, id);
                        ended[id] = i + 2;
                    }
                })
        );
        for (var copy = 0; copy < 4; copy++)
        {
            var (most, place) = (Math.Min(480, (copy + 1) * 100), Directory.CreateTempSubdirectory("copy-"));
            await Serverless.Testing.Eventually.HoldsAsync(() => ended.Count >= most, $"{most} ends", TestHub.Cancellation);
            var expected = ended.ToArray();
            try
            {
                Copy(hub, place);
                await VerifyAsync(hub, place, expected);
            }
            finally
            {
                place.Delete(recursive: true);
            }
        }
        await work;
    }

    /// <summary>The index first: what a crash leaves is never older than it.</summary>
    private static void Copy(TestHub hub, DirectoryInfo place)
    {
        var target = place.CreateSubdirectory(hub.Options.HubName).FullName;
        // As of one moment, which a crash leaves and a copy of a file in use does not.
        using (var index = new SqliteConnection($"Data Source={IndexOf(hub)};Pooling=False"))
        {
            index.Open();
            using var copy = index.CreateCommand();
            copy.CommandText = $"VACUUM INTO '{Path.Combine(target, "index.db")}'";
            copy.ExecuteNonQuery();
        }
        foreach (var file in Directory.GetFiles(hub.Engine.LogFolder, "*.log"))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
    }

    private static async Task VerifyAsync(TestHub hub, DirectoryInfo place, KeyValuePair<string, int>[] expected)
    {
        await using var again = new DurableEngine(
            hub.Options with
            {
                Folder = place.FullName,
            },
            Functions(),
            TimeProvider.System,
            NullLoggerFactory.Instance
        );
        await again.StartAsync(TestHub.Cancellation);
        foreach (var (id, value) in expected)
        {
            var metadata = await again.Client.GetInstanceAsync(id, true, TestHub.Cancellation);
            Assert.Equal((id, value), (id, metadata?.ReadOutputAs<int>()));
        }
        await again.StopAsync(TestHub.Cancellation);
    }

    /// <summary>Some of everything: ended well and not, purged, replaced, waiting, suspended, not yet due, with children and early events.</summary>
    private static async Task WorkAsync(TestHub hub)
    {
        var (client, stop) = (hub.Client, TestHub.Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 120).Select(i => hub.RunAsync("Add", i, $"add-{i}")));
        for (var i = 0; i < 30; i++)
            await client.PurgeInstanceAsync($"add-{i}", stop);
        await hub.RunAsync("Add", 41, "add-50");
        await hub.RunAsync("Fails", id: "failed");
        foreach (var id in (string[])["waits", "suspended", "terminated", "sent-to"])
            await client.ScheduleNewOrchestrationInstanceAsync("Rounds", 0, new StartOrchestrationOptions(id), stop);
        await client.RaiseEventAsync("waits", "Next", 1, stop);
        await client.RaiseEventAsync("waits", "Other", 1, stop);
        await client.TerminateInstanceAsync("terminated", "enough", stop);
        await client.ScheduleNewOrchestrationInstanceAsync("Parent", null, new StartOrchestrationOptions("parent"), stop);
        await client.ScheduleNewOrchestrationInstanceAsync(
            "Add",
            1,
            new StartOrchestrationOptions("later", TimeProvider.System.GetUtcNow().AddDays(30)),
            stop
        );
        foreach (var (id, status) in ((string, string)[])[("waits", "round 1"), ("sent-to", "round 1"), ("child", "round 2")])
            await hub.UntilAsync(id, metadata => metadata.SerializedCustomStatus == $"\"{status}\"");
        await client.SuspendInstanceAsync("suspended", "pause", stop);
    }

    private static async Task FinishAsync(TestHub hub)
    {
        var (client, stop) = (hub.Client, TestHub.Cancellation);
        await client.ResumeInstanceAsync("suspended", null, stop);
        foreach (var (id, more) in ((string, int)[])[("waits", 2), ("sent-to", 2), ("suspended", 3), ("child", 1)])
        {
            for (var i = 0; i < more; i++)
                await client.RaiseEventAsync(id, "Next", 7, stop);
            Assert.Equal(7, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
        }
        Assert.Equal(7, (await hub.EndOfAsync("parent")).ReadOutputAs<int>());
        Assert.Equal(43, (await client.GetInstanceAsync("add-50", true, stop))!.ReadOutputAs<int>());
        Assert.Equal(121, (await client.GetInstanceAsync("add-119", true, stop))!.ReadOutputAs<int>());
        Assert.Null(await client.GetInstanceAsync("add-29", stop));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await client.GetInstanceAsync("later", stop))!.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await client.GetInstanceAsync("terminated", stop))!.RuntimeStatus);
    }

    private static async Task<List<string>> DescribeAsync(TestHub hub)
    {
        List<string> all = [];
        await foreach (var one in hub.Client.GetAllInstancesAsync(new OrchestrationQuery(FetchInputsAndOutputs: true)))
            all.Add(
                $"{one.InstanceId} {one.Name} {one.RuntimeStatus} {one.CreatedAt:O} {one.LastUpdatedAt:O} "
                    + $"{one.SerializedInput} {one.SerializedCustomStatus} {one.SerializedOutput} {one.FailureDetails}"
            );
        return all;
    }

    /// <summary>What a start from the sound index knows.</summary>
    private static async Task<List<string>> KnownAsync(TestHub hub)
    {
        await hub.StartAgainAsync();
        var known = await DescribeAsync(hub);
        await hub.StopAsync();
        return known;
    }

    /// <summary>Turns a bit of what a row says behind its id.</summary>
    private static void DamageRow(byte[] index, string id)
    {
        // With its length in front it is in the row's bytes alone, in no column.
        byte[] wanted = [(byte)(2 * (id.Length + 1)), .. System.Text.Encoding.UTF8.GetBytes(id)];
        var at = index.AsSpan().IndexOf(wanted);
        Assert.True(at > 0, $"the index has no row of {id}");
        for (; at >= 0; at = index.AsSpan(at + 1).IndexOf(wanted) is >= 0 and var next ? at + 1 + next : -1)
            index[at + wanted.Length] ^= 0x10;
    }

    private static string IndexOf(TestHub hub) => Path.Combine(hub.Engine.LogFolder, "index.db");
}
