using System.Globalization;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Storage;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Batch;

/// <summary>Batch jobs that go on after a stop, or with files and results that storage no longer has as they were.</summary>
[Collection(nameof(BatchTest))]
public sealed class BatchRecoveryTests(AzuriteFixture azurite) : BatchTest(azurite)
{
    [Fact]
    public async Task Run_StoppedInBetween_ScoresOnlyWhatIsLeft()
    {
        await Rig.RegisterAsync("stopped", TinyModel.Binary());
        var csv = "Type,Torque [Nm]\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"H,{i}\n"));
        var request = await Rig.DropAsync("stopped", "rows.csv", csv);
        using (var scoring = Rig.Scoring())
        {
            var outline = await scoring.InspectAsync(request, Rig.WorkFolder(), Token);
            Assert.True(outline.Chunks > 4);
            await scoring.ScoreAsync(request, 1, 3, Rig.WorkFolder(), null, Token);
        }

        var before = await EtagsAsync(request);
        Assert.Equal(2, before.Count);
        // The same content dropped once more has another ETag and is the same job.
        await Rig.DropAsync("stopped", "rows.csv", csv);
        var summary = await Rig.RunAsync(request);

        Assert.Equal(100, summary.Rows);
        var after = await EtagsAsync(request);
        Assert.All(before, part => Assert.Equal(part.Value, after[part.Key]));
        Assert.Equal(after.Count, summary.Parts.Count);
        var rows = Rig.Query(
            $"SELECT \"Torque [Nm]\" FROM {await Rig.DownloadAsync(request, "csv")}",
            row => int.Parse(row.GetString(0), CultureInfo.InvariantCulture)
        );
        Assert.Equal(Enumerable.Range(0, 100), rows);
        Assert.DoesNotContain(await NamesAsync(request), name => name.Contains("/_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("part-00002.csv")]
    [InlineData("_parts/00003.json")]
    public async Task Finish_StorageForgotABlob_ScoresThatChunkAgain(string forgotten)
    {
        await Rig.RegisterAsync("forgotten", TinyModel.Binary());
        var csv = "Type,Torque [Nm]\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"H,{i}\n"));
        var request = await Rig.DropAsync("forgotten", "rows.csv", csv + forgotten.Length);
        using var scoring = Rig.Scoring();
        var outline = await scoring.InspectAsync(request, Rig.WorkFolder(), Token);
        await scoring.ScoreAsync(request, 0, outline.Chunks, Rig.WorkFolder(), null, Token);
        var before = await EtagsAsync(request);
        var blob = Storage.Container(Containers.Scored).GetBlobClient(BatchBlobs.Folder(request) + forgotten);
        Assert.True((await blob.DeleteIfExistsAsync(cancellationToken: Token)).Value);

        var outcome = await scoring.FinishAsync(request, DateTimeOffset.UnixEpoch, Rig.WorkFolder(), Token);

        Assert.Equal((101, 1, outline.Chunks), (outcome.Rows, outcome.Failed, outcome.Parts));
        var after = await EtagsAsync(request);
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        Assert.Single(before, part => after[part.Key] != part.Value);
    }

    [Fact]
    public async Task Run_FileReplacedByAnother_FailsAndSaysSo()
    {
        await Rig.RegisterAsync("replaced", TinyModel.Binary());
        var request = await Rig.DropAsync("replaced", "rows.csv", "Type,Torque [Nm]\nH,1\n");
        await Rig.DropAsync("replaced", "rows.csv", "Type,Torque [Nm]\nH,2\n");

        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => Rig.RunAsync(request));

        Assert.Contains("was replaced while it was scored", failure.Message, StringComparison.Ordinal);
    }

    private async Task<Dictionary<string, string>> EtagsAsync(BatchRequest request)
    {
        var etags = new Dictionary<string, string>();
        await foreach (
            var blob in Storage
                .Container(Containers.Scored)
                .GetBlobsAsync(BlobTraits.None, BlobStates.None, BatchBlobs.Folder(request) + "part-", Token)
        )
        {
            etags[blob.Name] = blob.Properties.ETag.ToString()!;
        }

        return etags;
    }

    private async Task<List<string>> NamesAsync(BatchRequest request)
    {
        var names = new List<string>();
        await foreach (
            var blob in Storage
                .Container(Containers.Scored)
                .GetBlobsAsync(BlobTraits.None, BlobStates.None, BatchBlobs.Folder(request), Token)
        )
        {
            names.Add(blob.Name);
        }

        return names;
    }
}
