using System.Text;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Api;

/// <summary>Definitions over HTTP.</summary>
public sealed class PipelinesApi(DefinitionStore definitions)
{
    /// <summary>Longest pipeline.yaml, bytes.</summary>
    private const int LongestYaml = 1 << 20;

    [Function("ListPipelines")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/pipelines")] HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        var names = new List<string>();
        try
        {
            await foreach (var name in definitions.ListAsync(cancellationToken))
            {
                names.Add(name);
            }
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            // The container is not there yet: nothing was ever stored.
        }

        return Answers.Ok(names);
    }

    [Function("GetPipeline")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/pipelines/{pipeline}")] HttpRequest request,
        string pipeline,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await definitions.GetAsync(pipeline, cancellationToken) is { } stored
                ? Results.Text(stored.Yaml, "application/yaml", Encoding.UTF8)
                : Answers.NotFound(
                    $"Found no pipeline '{pipeline}'; GET /api/pipelines lists those that exist. PUT /api/pipelines/{pipeline} makes one."
                );
        }
        catch (InvalidDataException broken)
        {
            return Answers.Error(StatusCodes.Status422UnprocessableEntity, broken.Message);
        }
    }

    [Function("PutPipeline")]
    public async Task<IResult> PutAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/pipelines/{pipeline}")] HttpRequest request,
        string pipeline,
        CancellationToken cancellationToken
    )
    {
        if (await ReadTextAsync(request, cancellationToken) is not { } yaml)
        {
            return Answers.Error(
                StatusCodes.Status413PayloadTooLarge,
                $"Found a definition of more than {LongestYaml:N0} bytes; expected a pipeline.yaml, which is a page long."
            );
        }

        var reading = await definitions.PutAsync(pipeline, yaml, cancellationToken);
        if (reading.Definition is not { } definition)
        {
            string[] mistakes = [.. reading.Mistakes.Select(mistake => mistake.ToString())];
            return Answers.BadRequest(mistakes[0], mistakes);
        }

        return Answers.Ok(
            new PipelineReceipt(
                definition.Name,
                DefinitionDigest.Of(definition),
                [.. reading.Warnings.Select(warning => warning.ToString())]
            )
        );
    }

    private static async Task<string?> ReadTextAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > LongestYaml)
            {
                return null;
            }

            body.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
    }
}
