using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Definitions;

namespace Serverless.Functions.Api;

/// <summary>Programs of commands over HTTP. Whoever may store a definition may store what it runs.</summary>
public sealed class CodeApi(CodeStore code)
{
    [Function("PutCode")]
    public async Task<IResult> PutAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/code")] HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > TrainerCode.MaxBytes + Overhead)
            {
                return Answers.Error(
                    StatusCodes.Status413PayloadTooLarge,
                    $"Found an archive of more than {TrainerCode.MaxBytes:N0} bytes; expected a program's own files. Packages belong on the worker's machine."
                );
            }

            body.Write(buffer, 0, read);
        }

        if (Entries(body) is not > 0)
        {
            return Answers.BadRequest(
                $"Found {body.Length:N0} bytes that are no zip archive with files; expected the folder of a program, zipped."
            );
        }

        return Answers.Ok(new CodeReceipt(await code.PutAsync(BinaryData.FromBytes(body.ToArray()), cancellationToken), body.Length));
    }

    /// <summary>Names and headers of the files, bytes.</summary>
    private const int Overhead = 1 << 20;

    private static int? Entries(MemoryStream body)
    {
        try
        {
            body.Position = 0;
            using var zip = new ZipArchive(body, ZipArchiveMode.Read, leaveOpen: true);
            return zip.Entries.Count;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
