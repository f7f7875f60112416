using Serverless.Pipeline.Batch;
using Serverless.Pipeline.Datasets;

namespace Serverless.Cli.Api;

/// <summary>A batch job's parts as one file: CSV one behind the other under one header, Parquet written anew by DuckDB.</summary>
internal sealed class BatchDownload(ApiClient api, BatchView job)
{
    public async Task WriteAsync(FileInfo output, CancellationToken cancellationToken)
    {
        var parts = job.Summary!.Parts;
        var folder = Directory.CreateTempSubdirectory("serverless-batch-").FullName;
        // Whole or not at all: the name is given when everything is there.
        var unfinished = output.FullName + ".part";
        try
        {
            if (parts[0].Blob.EndsWith(".csv", StringComparison.Ordinal))
            {
                await using var file = File.Create(unfinished);
                foreach (var (index, part) in parts.Index())
                {
                    await using var from = await api.BatchPartAsync(job.JobId, part.Blob, cancellationToken);
                    if (index > 0)
                    {
                        await CsvHeader.SkipAsync(from, cancellationToken);
                    }

                    await from.CopyToAsync(file, cancellationToken);
                }
            }
            else
            {
                foreach (var part in parts)
                {
                    await using var from = await api.BatchPartAsync(job.JobId, part.Blob, cancellationToken);
                    await using var file = File.Create(Path.Combine(folder, part.Blob));
                    await from.CopyToAsync(file, cancellationToken);
                }

                using var session = new DuckDbSession(Path.Combine(folder, "spill"));
                session.Execute(
                    $"COPY (SELECT * FROM read_parquet({Quoted(Path.Combine(folder, "*.parquet"))})) TO {Quoted(unfinished)} (FORMAT parquet, COMPRESSION zstd)",
                    cancellationToken
                );
            }

            File.Move(unfinished, output.FullName);
        }
        finally
        {
            File.Delete(unfinished);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static class CsvHeader
    {
        /// <summary>Reads to the end of the first record: a name may hold a line break, in quotes.</summary>
        public static async Task SkipAsync(Stream stream, CancellationToken cancellationToken)
        {
            var one = new byte[1];
            var quoted = false;
            while (await stream.ReadAsync(one, cancellationToken) == 1 && (quoted || one[0] != (byte)'\n'))
            {
                quoted ^= one[0] == (byte)'"';
            }
        }
    }
}
