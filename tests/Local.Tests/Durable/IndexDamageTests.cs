using System.Text;
using Serverless.Testing;

namespace Serverless.Local.Tests.Durable;

/// <summary>An index that is damaged, or not that of the log: it costs a start its time, and nobody an instance.</summary>
public sealed class IndexDamageTests : IndexedHubTest
{
    private const int PageBytes = 4096;

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

        await Eventually.HoldsAsync(
            () => hub.Said.Any(line => line.Contains("is damaged: a row does not match its checksum", StringComparison.Ordinal)),
            "that the index is damaged is found",
            TestHub.Cancellation
        );
        Assert.Equal(known, await DescribeAsync(hub));
        await FinishAsync(hub);
        await hub.RestartAsync();
        Assert.Equal(121, (await hub.Client.GetInstanceAsync("add-119", true, TestHub.Cancellation))!.ReadOutputAs<int>());
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
        byte[] wanted = [(byte)(2 * (id.Length + 1)), .. Encoding.UTF8.GetBytes(id)];
        var at = index.AsSpan().IndexOf(wanted);
        Assert.True(at > 0, $"the index has no row of {id}");
        for (; at >= 0; at = index.AsSpan(at + 1).IndexOf(wanted) is >= 0 and var next ? at + 1 + next : -1)
            index[at + wanted.Length] ^= 0x10;
    }
}
