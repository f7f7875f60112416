using System.Net;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;
using Serverless.Local.Durable;
using Serverless.Local.Hosting.Http.Data;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Tells a caller where the instance is to be watched that was started for it.</summary>
public static class DurableTaskClientExtensions
{
    /// <summary>202 with the links, <c>Location</c> and <c>Retry-After</c>.</summary>
    public static Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        CancellationToken cancellation = default
    ) => client.CreateCheckStatusResponseAsync(request, instanceId, HttpStatusCode.Accepted, cancellation);

    /// <inheritdoc cref="CreateCheckStatusResponseAsync(DurableTaskClient, HttpRequestData, string, CancellationToken)" />
    public static async Task<HttpResponseData> CreateCheckStatusResponseAsync(
        this DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        HttpStatusCode statusCode,
        CancellationToken cancellation = default
    )
    {
        var (response, payload) = Begin(client, request, instanceId, statusCode);
        await WorkerJson.Of(request.FunctionContext).SerializeAsync(response.Body, payload, typeof(HttpManagementPayload), cancellation);
        return response;
    }

    /// <summary>As the asynchronous one; not after <c>ConfigureFunctionsWebApplication()</c>, which allows no synchronous write.</summary>
    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        CancellationToken cancellation = default
    ) => client.CreateCheckStatusResponse(request, instanceId, HttpStatusCode.Accepted, cancellation);

    /// <inheritdoc cref="CreateCheckStatusResponse(DurableTaskClient, HttpRequestData, string, CancellationToken)" />
    public static HttpResponseData CreateCheckStatusResponse(
        this DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        HttpStatusCode statusCode,
        CancellationToken cancellation = default
    )
    {
        var (response, payload) = Begin(client, request, instanceId, statusCode);
        WorkerJson.Of(request.FunctionContext).Serialize(response.Body, payload, typeof(HttpManagementPayload), cancellation);
        return response;
    }

    /// <summary>The links, with the request's host, or without a request the app's own address.</summary>
    /// <exception cref="InvalidOperationException">The client is not the one that [DurableClient] gives.</exception>
    public static HttpManagementPayload CreateHttpManagementPayload(
        this DurableTaskClient client,
        string instanceId,
        HttpRequestData? request = null
    )
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return client is LocalDurableTaskClient { Links: { } links }
            ? links.Of(instanceId, request?.Url)
            : throw new InvalidOperationException(
                $"A {client.GetType().Name} knows no address of the management API. Take the client from a parameter with [DurableClient]."
            );
    }

    private static (HttpResponseData Response, HttpManagementPayload Payload) Begin(
        DurableTaskClient client,
        HttpRequestData request,
        string instanceId,
        HttpStatusCode status
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var payload = client.CreateHttpManagementPayload(instanceId, request);
        var response = request.CreateResponse(status);
        response.Headers.Add("Location", payload.StatusQueryGetUri);
        response.Headers.Add("Retry-After", "10");
        response.Headers.Add("Content-Type", "application/json");
        return (response, payload);
    }
}
