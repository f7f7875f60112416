using System.Net;
using Azure;
using Azure.Storage.Blobs.Models;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Validation;

namespace Serverless.Functions.Drops;

/// <summary>Why a file was refused before anybody looked into it: <c>report.json</c> beside the file in quarantine.</summary>
public sealed record DropRefusal(
    string Source,
    string SourceHash,
    long SourceBytes,
    DateTimeOffset At,
    IReadOnlyList<DataProblem> Problems
);

/// <summary>
/// Keeps files that no run will take, with the reason: <c>quarantine/{pipeline}/{first 16 digits of the hash}/</c>; <c>_</c> stands for a missing
/// pipeline. The original stays where it was dropped.
/// </summary>
public sealed class DropQuarantine(StorageClients storage, TimeProvider time)
{
    /// <returns>The report's blob, with its container.</returns>
    public async Task<string> KeepAsync(DropPath path, BlobContent content, DataProblem problem, CancellationToken cancellationToken)
    {
        var source = path.Pipeline is { } pipeline ? DropPath.Blob(pipeline, path.File) : path.File;
        var folder = $"{path.Pipeline ?? "_"}/{content.Hash[..16]}";
        var container = storage.Container(Containers.Quarantine);
        await CopyAsync(source, $"{folder}/{path.File}", content, cancellationToken);
        var refusal = new DropRefusal($"{Containers.Drop}/{source}", content.Hash, content.Bytes, time.GetUtcNow(), [problem]);
        await container
            .GetBlobClient($"{folder}/report.html")
            .UploadAsync(
                BinaryData.FromString(Html(refusal)),
                new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "text/html; charset=utf-8" } },
                cancellationToken
            );
        await container.WriteJsonAsync($"{folder}/report.json", refusal, cancellationToken);
        return $"{Containers.Quarantine}/{folder}/report.json";
    }

    private async Task CopyAsync(string source, string target, BlobContent content, CancellationToken cancellationToken)
    {
        var copy = storage.Container(Containers.Quarantine).GetBlobClient(target);
        try
        {
            if ((await copy.ExistsAsync(cancellationToken)).Value)
            {
                return;
            }

            var from = storage.Container(Containers.Drop).GetBlobClient(source);
            var options = new BlobOpenReadOptions(allowModifications: false)
            {
                BufferSize = 4 << 20,
                Conditions = new BlobRequestConditions { IfMatch = new ETag(content.ETag) },
            };
            await using var stream = await from.OpenReadAsync(options, cancellationToken);
            await copy.UploadAsync(stream, overwrite: true, cancellationToken);
        }
        catch (RequestFailedException replaced) when (replaced.Status is 404 or 412)
        {
            // Replaced or removed since it was hashed: the report stays, the newer drop has an event of its own.
        }
    }

    private static string Html(DropRefusal refusal)
    {
        var rows = string.Concat(
            refusal.Problems.Select(problem =>
                $"<tr><td>{Text(problem.Code)}</td><td>{Text(problem.Found)}</td><td>{Text(problem.Expected)}</td><td>{Text(problem.Advice)}</td></tr>"
            )
        );
        return $"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Refused: {Text(refusal.Source)}</title>
            <style>body{'{'}font-family:system-ui,sans-serif;margin:2rem{'}'}td,th{'{'}text-align:left;padding:.3rem .8rem;border-bottom:1px solid #ddd{'}'}</style>
            <h1>Refused: {Text(refusal.Source)}</h1><p>{refusal.SourceBytes:N0} bytes, SHA-256 {refusal.SourceHash}, {refusal.At:u}</p>
            <table><tr><th>Problem</th><th>Found</th><th>Expected</th><th>What to do</th></tr>{rows}</table></html>
            """;
    }

    private static string Text(string value) => WebUtility.HtmlEncode(value);
}
