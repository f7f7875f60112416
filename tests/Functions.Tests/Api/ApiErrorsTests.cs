using System.Net;
using System.Net.Http.Json;
using Azure;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions.Hosting;
using Serverless.Local.Hosting;
using Serverless.Pipeline;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Api;

/// <summary>What callers are told of what a function threw.</summary>
public sealed class ApiErrorsTests : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private IHost? host;
    private HttpClient? client;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (host is not null)
        {
            await host.StopAsync(CancellationToken.None);
            host.Dispose();
        }

        folder.Dispose();
    }

    [Theory]
    [InlineData("refused", HttpStatusCode.ServiceUnavailable, "Storage answered 500")]
    [InlineData("unreachable", HttpStatusCode.ServiceUnavailable, "Storage does not answer")]
    [InlineData("silent", HttpStatusCode.ServiceUnavailable, "Storage does not answer")]
    [InlineData("broken", HttpStatusCode.UnprocessableEntity, "not a model")]
    [InlineData("other", HttpStatusCode.InternalServerError, "Something went wrong that should not (NotSupportedException)")]
    [InlineData("others", HttpStatusCode.InternalServerError, "Something went wrong that should not (AggregateException)")]
    public async Task Get_FunctionThrows_IsToldWhatToDo(string what, HttpStatusCode status, string said)
    {
        var caller = await StartAsync();

        using var response = await caller.GetAsync($"/api/Throws?what={what}", Stop);

        Assert.Equal(status, response.StatusCode);
        Assert.Contains(
            said,
            (await response.Content.ReadFromJsonAsync<ApiError>(PipelineJson.Compact, Stop))!.Error,
            StringComparison.Ordinal
        );
    }

    /// <summary>An answer of ours would be cut off: the host has given its own by then.</summary>
    [Fact]
    public async Task Get_FunctionTakesTooLong_IsAnsweredByTheHost()
    {
        var caller = await StartAsync(limit: "00:00:01");

        using var response = await caller.GetAsync("/api/Throws?what=nothing", Stop);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Stop));
    }

    private async Task<HttpClient> StartAsync(string limit = "00:01:00")
    {
        folder.Write("host.json", $$"""{ "version": "2.0", "functionTimeout": "{{limit}}" }""");
        folder.Write("local.settings.json", """{ "Values": { } }""");
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Arguments = ["--port", "0"],
                Functions = typeof(Throws).Assembly,
                Classes = [typeof(Throws)],
                ContentRoot = folder.Path,
            }
        );
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<ApiErrors>();
        host = builder.Build();
        await host.StartAsync(Stop);
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return client = new HttpClient { BaseAddress = new Uri(address) };
    }

    public static class Throws
    {
        [Function("Throws")]
        public static async Task<string> Run(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request,
            string what,
            CancellationToken cancellationToken
        )
        {
            var refused = new RequestFailedException(500, "no");
            switch (what)
            {
                case "nothing":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                case "refused":
                    throw new AggregateException(refused);
                // As the client of Azure does when its tries are used up.
                case "unreachable":
                    throw new AggregateException("Retry failed after 2 tries.", refused, new RequestFailedException("Connection refused"));
                case "silent":
                    throw new AggregateException(
                        "Retry failed after 2 tries.",
                        refused,
                        new TaskCanceledException("The network timed out.")
                    );
                case "broken":
                    throw new InvalidDataException("It is not a model.");
                case "others":
                    throw new AggregateException(refused, new NotSupportedException());
                default:
                    throw new NotSupportedException();
            }

            return "";
        }
    }
}
