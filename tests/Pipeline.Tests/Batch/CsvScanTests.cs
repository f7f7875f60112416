using System.Text;
using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Tests.Batch;

public sealed class CsvScanTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3,4\n", 2)]
    [InlineData("a,b\n1,2\n3,4", 2)]
    [InlineData("a,b\r\n1,2\r\n\r\n3,4\r\n", 2)]
    [InlineData("\n\na,b\n1,2\n", 1)]
    [InlineData("a,b\n\"1\n1\",2\n3,\"x\"\"\ny\"\n", 2)]
    [InlineData("\"a\nb\",b\n1,2\n", 1)]
    [InlineData("a,b\n5\" pipe,2\n6\",3\n", 2)]
    [InlineData("a,b\n\"\",\"\"\n\"\"\"\",2\n", 2)]
    [InlineData("a,b\n", 0)]
    [InlineData("a,b", 0)]
    public void Scan_AnyPieces_CountsRecordsAndCutsBehindThem(string text, int expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var piece = 1; piece <= bytes.Length; piece++)
        {
            var scan = new CsvScan((byte)',', chunkBytes: 1, blankLinesAreRows: false, start: 0);
            foreach (var part in bytes.Chunk(piece))
            {
                scan.Feed(part);
            }

            var (chunks, rows) = scan.End();

            Assert.Equal(expected, rows);
            Assert.Equal(rows, chunks.Sum(chunk => chunk.Rows));
            Assert.Equal(bytes.Length, chunks[^1].Offset + chunks[^1].Bytes);
            foreach (var (before, after) in chunks.Zip(chunks.Skip(1)))
            {
                Assert.Equal(before.Offset + before.Bytes, after.Offset);
                Assert.Equal(before.FirstRow + before.Rows, after.FirstRow);
            }
        }
    }

    [Theory]
    [InlineData("1,2\r\n\r\n3,4\n\n5,6", "1,2\n3,4\n5,6")]
    [InlineData("\"a\r\n\r\nb\",2\r\n", "\"a\r\n\r\nb\",2\n")]
    [InlineData("a\rb,2\r\n\r", "a\rb,2\n")]
    public void Lines_AnyPieces_HaveOneEndAndNoBlanks(string text, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var piece = 1; piece <= bytes.Length; piece++)
        {
            using var target = new MemoryStream();
            var lines = new CsvLines(target, (byte)',', blankLinesAreRows: false);
            foreach (var part in bytes.Chunk(piece))
            {
                lines.Write(part);
            }

            Assert.Equal(expected, Encoding.UTF8.GetString(target.ToArray()));
        }
    }

    [Fact]
    public void Scan_RandomTables_AgreesWithAReaderOfRecords()
    {
        const int Seed = 7;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        string[] values = ["1", "x", "\"a\"", "\"a,b\"", "\"line\nbreak\"", "\"he said \"\"no\"\"\"", "", "5\" pipe"];
        for (var table = 0; table < 300; table++)
        {
            var text = new StringBuilder("a,b,c\n");
            var rows = random.Next(40);
            for (var row = 0; row < rows; row++)
            {
                // The first is never empty, so that no line is blank.
                text.Append(values[random.Next(6)]).Append(',').Append(values[random.Next(8)]).Append(',').Append(values[random.Next(8)]);
                text.Append(random.Next(2) == 0 ? "\n" : "\r\n");
            }

            var bytes = Encoding.UTF8.GetBytes(text.ToString());
            var scan = new CsvScan((byte)',', random.Next(1, 100), blankLinesAreRows: false, start: 0);
            for (var at = 0; at < bytes.Length; )
            {
                var take = Math.Min(random.Next(1, 20), bytes.Length - at);
                scan.Feed(bytes.AsSpan(at, take));
                at += take;
            }

            var (chunks, found) = scan.End();

            Assert.Equal(rows, found);
            foreach (var chunk in chunks)
            {
                var part = Encoding.UTF8.GetString(bytes, (int)chunk.Offset, (int)chunk.Bytes);
                Assert.Equal(chunk.Rows, CsvRecords.Read(part, ',', complete: true, int.MaxValue).Count);
            }
        }
    }
}
