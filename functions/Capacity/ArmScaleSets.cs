using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.ResourceManager;
using Azure.ResourceManager.Compute;
using Azure.ResourceManager.Compute.Models;
using Serverless.Pipeline.Capacity;

namespace Serverless.Functions.Capacity;

/// <summary>Scale sets by Azure Resource Manager. Every call is one request; what it starts is asked about at later looks.</summary>
internal sealed class ArmScaleSets : IScaleSets
{
    /// <summary>The version of infra/app/workers.bicep: the first ones of the SDK know no ETag.</summary>
    internal const string ApiVersion = "2024-11-01";

    private readonly ArmClient client;
    private readonly HttpPipeline pipeline;
    private readonly Uri endpoint;

    /// <param name="credential">The app's identity.</param>
    /// <param name="options">Cloud and transport; retries and versions are set here.</param>
    public ArmScaleSets(TokenCredential credential, ArmClientOptions options)
    {
        var cloud = options.Environment ?? ArmEnvironment.AzurePublicCloud;
        endpoint = cloud.Endpoint;
        options.SetApiVersion(VirtualMachineScaleSetResource.ResourceType, ApiVersion);
        options.RetryPolicy = new ArmRetries();
        // A look holds a lease for a minute.
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(10);
        options.AddPolicy(new IfMatch(), HttpPipelinePosition.PerCall);
        client = new ArmClient(credential, null, options);
        pipeline = HttpPipelineBuilder.Build(options, new BearerTokenAuthenticationPolicy(credential, cloud.DefaultScope));
    }

    public Task<ScaleSetView> ReadAsync(Offer offer, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            var set = await Of(offer).GetAsync(cancellationToken: cancellationToken);
            var machines = new List<string>();
            await foreach (var machine in set.Value.GetVirtualMachineScaleSetVms().GetAllAsync(cancellationToken: cancellationToken))
            {
                machines.Add(machine.Data.Name);
            }

            return new ScaleSetView((int)(set.Value.Data.Sku?.Capacity ?? 0), ETagOf(set.GetRawResponse()), machines);
        });

    public Task<Uri?> RaiseAsync(Offer offer, int capacity, string? etag, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            using var condition = IfMatch.Scope(etag);
            var patch = new VirtualMachineScaleSetPatch { Sku = new ComputeSku { Capacity = capacity } };
            var operation = await Of(offer).UpdateAsync(WaitUntil.Started, patch, cancellationToken);
            return operation.HasCompleted ? null : WhereToAsk(operation.GetRawResponse());
        });

    public Task<Uri?> DeleteAsync(Offer offer, IReadOnlyList<string> machines, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            var names = new VirtualMachineScaleSetVmInstanceRequiredIds(machines);
            var operation = await Of(offer).DeleteInstancesAsync(WaitUntil.Started, names, cancellationToken: cancellationToken);
            return operation.HasCompleted ? null : WhereToAsk(operation.GetRawResponse());
        });

    public Task<OperationView> LookAsync(Uri operation, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            if (operation.GetLeftPart(UriPartial.Authority) != endpoint.GetLeftPart(UriPartial.Authority))
            {
                // The app's token is for Azure alone.
                return new OperationView(
                    true,
                    new Refusal(RefusalKind.Failed, "ForeignOperation", $"{operation.Host} is not {endpoint.Host}")
                );
            }

            using var message = pipeline.CreateMessage();
            message.Request.Method = RequestMethod.Get;
            message.Request.Uri.Reset(operation);
            await pipeline.SendAsync(message, cancellationToken);
            var response = message.Response;
            return response.Status switch
            {
                // Azure forgets operations after some hours, and their addresses lie outside what the app has rights on; the machines tell.
                401 or 403 or 404 => new OperationView(true, null),
                202 => new OperationView(false, null),
                200 or 201 or 204 => ArmAnswers.Operation(response),
                _ => throw new RequestFailedException(response),
            };
        });

    private static async Task<T> AskAsync<T>(Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (Exception refused) when (ArmAnswers.RefusalOf(refused) is { } refusal)
        {
            throw new CapacityRefusedException(refusal, refused);
        }
    }

    private VirtualMachineScaleSetResource Of(Offer offer) =>
        client.GetVirtualMachineScaleSetResource(new ResourceIdentifier(offer.ScaleSet));

    private static Uri? WhereToAsk(Response response) =>
        (response.Headers.TryGetValue("Azure-AsyncOperation", out var address) || response.Headers.TryGetValue("Location", out address))
        && Uri.TryCreate(address, UriKind.Absolute, out var uri)
            ? uri
            : null;

    private static string? ETagOf(Response response)
    {
        using var document = JsonDocument.Parse(response.Content);
        return document.RootElement.TryGetProperty("etag", out var etag) ? etag.GetString() : null;
    }
}
