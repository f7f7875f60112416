using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Serverless.Local.Durable;

namespace Serverless.Local.Tests.Durable;

/// <summary>The index that spares a start the histories of what is finished.</summary>
public sealed class IndexTests : IndexedHubTest
{
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
}
