using System.Net;
using Azure;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Serverless.Pipeline.Storage;

namespace Serverless.Infra.Tests;

/// <summary>The roles give a worker no right on models: its start must not fail over that, and over nothing else less.</summary>
public sealed class MissingRightTests
{
    [Fact]
    public async Task CreateMissing_NoRightToCreate_TakesThemAsThere() =>
        await Refused("AuthorizationPermissionMismatch").CreateMissingAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task CreateMissing_ClosedFirewall_SaysSo()
    {
        var storage = Refused("AuthorizationFailure");

        var failure = await Assert.ThrowsAsync<RequestFailedException>(() =>
            storage.CreateMissingAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal("AuthorizationFailure", failure.ErrorCode);
    }

    private static StorageClients Refused(string code)
    {
        var blobs = Transport(
            code,
            $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>refused</Message></Error>",
            "application/xml"
        );
        var tables = Transport(
            code,
            "{\"odata.error\":{\"code\":\"" + code + "\",\"message\":{\"lang\":\"en\",\"value\":\"refused\"}}}",
            "application/json"
        );
        var address = new Uri("https://account.example.com");
        var secret = Convert.ToBase64String(new byte[64]);
        var key = new StorageSharedKeyCredential("account", secret);
        return new StorageClients(
            new BlobServiceClient(address, key, new BlobClientOptions { Transport = blobs }),
            new QueueServiceClient(address, key, new QueueClientOptions { Transport = blobs }),
            new TableServiceClient(address, new TableSharedKeyCredential("account", secret), new TableClientOptions { Transport = tables })
        );
    }

    private static HttpClientTransport Transport(string code, string body, string type) =>
        new(new HttpClient(new Refusal(code, body, type)));

    private sealed class Refusal(string code, string body, string type) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.Forbidden)
            {
                Content = new StringContent(body, System.Text.Encoding.UTF8, type),
            };
            response.Headers.Add("x-ms-error-code", code);
            return Task.FromResult(response);
        }
    }
}
