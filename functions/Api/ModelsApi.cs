using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Api;

/// <summary>The registry over HTTP, and the way back.</summary>
public sealed class ModelsApi(ModelRegistry registry, AliasStore aliases)
{
    [Function("ListModels")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/models")] HttpRequest request,
        CancellationToken cancellationToken
    ) => Answers.Ok(await registry.ListAsync(cancellationToken));

    [Function("GetModel")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/models/{model}")] HttpRequest request,
        string model,
        CancellationToken cancellationToken
    ) => await registry.ReadDetailsAsync(model, cancellationToken) is { } details ? Answers.Ok(details) : NoModel(model);

    [Function("GetModelVersion")]
    public async Task<IResult> GetVersionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/models/{model}/versions/{version}")] HttpRequest request,
        string model,
        string version,
        CancellationToken cancellationToken
    )
    {
        if (!int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
        {
            return Answers.BadRequest($"Found version '{version}'; expected a number from 1 on, as GET /api/models/{model} lists them.");
        }

        return await registry.ReadManifestAsync(model, number, cancellationToken) is { } manifest
            ? Answers.Ok(manifest)
            : NoVersion(model, number);
    }

    [Function("SetChampion")]
    public async Task<IResult> SetChampionAsync(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = "api/models/{model}/champion")] HttpRequest request,
        string model,
        CancellationToken cancellationToken
    )
    {
        const string Expected = """{"version": n} with a registered version""";
        var (body, wrong) = await Answers.ReadBodyAsync<ChampionRequest>(request, Expected, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        if (body is not { Version: >= 1 })
        {
            return Answers.BadRequest($"Found {(body is null ? "no body" : $"version {body.Version}")}; expected {Expected}.");
        }

        if (await registry.ReadManifestAsync(model, body.Version, cancellationToken) is null)
        {
            return NoVersion(model, body.Version);
        }

        return Answers.Ok(await aliases.SetChampionAsync(model, body.Version, cancellationToken));
    }

    internal static IResult NoModel(string model) =>
        Answers.NotFound(
            $"Found no model '{model}'; GET /api/models lists those that exist. A model is there once a run of its pipeline registered one."
        );

    private static IResult NoVersion(string model, int version) =>
        Answers.NotFound($"Found no version {version} of model '{model}'; GET /api/models/{model} lists those that exist.");
}
