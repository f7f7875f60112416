using System.Text;
using Azure.Storage.Blobs.Models;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Storage;
using Serverless.Testing;

namespace Serverless.EndToEnd.Tests.Batch;

/// <summary>Many chunks of rows: the same rows over and over, so that a result of millions is checked by counting.</summary>
/// <param name="Csv">The file.</param>
/// <param name="Rows">All of its rows.</param>
/// <param name="Copies">How often each distinct line is there for one time in the small file.</param>
/// <param name="Small">The small file's lines.</param>
internal sealed record ManyRows(BinaryData Csv, long Rows, int Copies, string[] Small)
{
    private const int Each = 3_000;

    public static ManyRows Make(int seed, int copies)
    {
        var text = BatchStack.Rows(seed, Each);
        var header = text.IndexOf('\n', StringComparison.Ordinal) + 1;
        var body = Encoding.UTF8.GetBytes(text[header..]);
        var csv = new MemoryStream(header + (copies * body.Length));
        csv.Write(Encoding.UTF8.GetBytes(text[..header]));
        for (var copy = 0; copy < copies; copy++)
        {
            csv.Write(body);
        }

        return new(
            BinaryData.FromBytes(csv.GetBuffer().AsMemory(0, (int)csv.Length)),
            (long)Each * copies,
            copies,
            text[header..].TrimEnd('\n').Split('\n')
        );
    }
}

/// <summary>What tests look at in container <c>scored</c> itself.</summary>
internal static class ScoredBlobs
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Names and etags of the parts that count while a job runs, those with a report, once they are as they should be.</summary>
    public static Task<Dictionary<string, string>> CountedPartsAsync(
        this TestStack stack,
        BatchView job,
        Func<IReadOnlyDictionary<string, string>, bool> condition,
        string what
    ) =>
        Eventually.GivesAsync(
            async () =>
            {
                var (parts, reports) = await FolderAsync(stack, job);
                var counted = parts.Where(part => reports.Contains(NumberOf(part.Key))).ToDictionary(StringComparer.Ordinal);
                return condition(counted) ? counted : null;
            },
            what,
            Token
        );

    /// <summary>Names and etags of a job's parts.</summary>
    public static async Task<Dictionary<string, string>> PartsAsync(this TestStack stack, BatchView job) =>
        (await FolderAsync(stack, job)).Parts;

    private static async Task<(Dictionary<string, string> Parts, HashSet<string> Reports)> FolderAsync(TestStack stack, BatchView job)
    {
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        var reports = new HashSet<string>(StringComparer.Ordinal);
        var folder = $"{job.Model}/{job.JobId}/";
        var scored = stack.Storage.Container(Containers.Scored);
        await foreach (var blob in scored.GetBlobsAsync(BlobTraits.None, BlobStates.None, folder, Token))
        {
            var name = blob.Name[folder.Length..];
            if (name.StartsWith("part-", StringComparison.Ordinal))
            {
                parts[blob.Name] = blob.Properties.ETag.ToString()!;
            }
            else if (name.StartsWith("_parts/", StringComparison.Ordinal))
            {
                reports.Add(NumberOf(name));
            }
        }

        return (parts, reports);
    }

    /// <summary>"00007" of "…/part-00007.csv" and of "_parts/00007.json".</summary>
    private static string NumberOf(string blob) => Path.GetFileNameWithoutExtension(blob)[^5..];

    public static async Task<bool> HasSummaryAsync(this TestStack stack, BatchView job) =>
        await stack.Storage.Container(Containers.Scored).GetBlobClient($"{job.Model}/{job.JobId}/summary.json").ExistsAsync(Token);

    /// <summary>Every row of the source is in the result as often as in the source, with a prediction.</summary>
    public static async Task RequireOnceAsync(this TestStack stack, BatchView job, ManyRows source)
    {
        using var folder = new TestFolder();
        foreach (var part in (await stack.PartsAsync(job)).Keys)
        {
            await stack
                .Storage.Container(Containers.Scored)
                .GetBlobClient(part)
                .DownloadToAsync(folder.File(part[(part.LastIndexOf('/') + 1)..]), Token);
        }

        using var session = new DuckDbSession(folder.File("spill"));
        var counted = session.Query(
            $"SELECT x || ',' || y || ',' || kind, count(*), count(prediction) FROM read_csv('{folder.Path}/*.csv', header = true, all_varchar = true) GROUP BY 1",
            row => (Line: row.GetString(0), Rows: row.GetInt64(1), Predicted: row.GetInt64(2)),
            Token
        );
        var expected = source.Small.CountBy(line => line).ToDictionary(pair => pair.Key, pair => (long)pair.Value * source.Copies);
        Assert.Equal(expected.Count, counted.Count);
        Assert.All(counted, line => Assert.Equal((expected[line.Line], expected[line.Line]), (line.Rows, line.Predicted)));
    }
}
