using Serverless.Functions.Drops;

namespace Serverless.Functions.Tests.Drops;

public sealed class DropEventTests
{
    // As Event Grid delivers it into a storage queue (the schema of its documentation).
    private const string Message = """
        {
          "topic": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/data",
          "subject": "/blobServices/default/containers/drop/blobs/machine-failure/2026/day 1.csv",
          "eventType": "Microsoft.Storage.BlobCreated",
          "eventTime": "2026-01-02T03:04:05.678Z",
          "id": "831e1650-001e-001b-66ab-eeb76e069631",
          "data": { "api": "PutBlockList", "eTag": "0x8D4BCC2E4835CD0", "contentLength": 524288, "blobType": "BlockBlob",
                    "url": "https://data.blob.core.windows.net/drop/machine-failure/2026/day%201.csv" },
          "dataVersion": "", "metadataVersion": "1"
        }
        """;

    [Fact]
    public void Parse_BlobCreated_GivesTheBlob()
    {
        var expected = new DropEvent(DropEventKind.Drop, "machine-failure/2026/day 1.csv", null)
        {
            At = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
        };
        Assert.Equal(expected, DropEvent.Parse(Message));
        Assert.Equal("machine-failure/2026/day 1.csv", DropEvent.Parse($"[{Message}]").Blob);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"eventType": 3}""")]
    [InlineData("""{"eventType": "Microsoft.Storage.BlobDeleted", "subject": "/blobServices/default/containers/drop/blobs/p/f"}""")]
    [InlineData("""{"eventType": "Microsoft.Storage.BlobCreated", "subject": "/blobServices/default/containers/other/blobs/p/f"}""")]
    [InlineData("""{"eventType": "Microsoft.Storage.BlobCreated", "subject": "/blobServices/default/containers/drop/blobs/"}""")]
    public void Parse_AnythingElse_IsIgnoredWithAReason(string message)
    {
        var parsed = DropEvent.Parse(message);

        Assert.Equal(DropEventKind.Ignored, parsed.Kind);
        Assert.Null(parsed.Blob);
        Assert.NotEmpty(parsed.Reason!);
    }

    [Theory]
    [InlineData("p/day.csv", "p", "day.csv", false)]
    [InlineData("p/2026/day.csv", "p", "2026/day.csv", false)]
    [InlineData("p/test/held.csv", "p", "test/held.csv", true)]
    [InlineData("p/testing.csv", "p", "testing.csv", false)]
    [InlineData("day.csv", null, "day.csv", false)]
    [InlineData("/day.csv", null, "day.csv", false)]
    public void Of_BlobName_TellsPipelineAndFile(string blob, string? pipeline, string file, bool heldOut) =>
        Assert.Equal(new DropPath(pipeline, file, heldOut), DropPath.Of(blob));

    [Fact]
    public void TestBlob_Name_LiesInTheTestFolder() => Assert.Equal("p/test/held.csv", DropPath.TestBlob("p", "held.csv"));
}
