using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions.Api;
using Serverless.Functions.Capacity;
using Serverless.Functions.Drops;
using Serverless.Functions.Hosting;
using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Local.Hosting;
using Serverless.Pipeline;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Api;

/// <summary>The API and its orchestrations in the local runtime, on a free port, without queue triggers and workers.</summary>
internal sealed class ApiApp : IAsyncDisposable
{
    private const string Key = "test-key";

    private readonly TestFolder folder;
    private readonly IHost host;

    private ApiApp(TestFolder folder, IHost host, Uri address)
    {
        (this.folder, this.host) = (folder, host);
        Client = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { { "x-functions-key", Key } } };
    }

    /// <summary>Sends the key with every request.</summary>
    public HttpClient Client { get; }

    /// <param name="storage">Connection string.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    public static async Task<ApiApp> StartAsync(string storage, CancellationToken cancellationToken)
    {
        var home = new TestFolder();
        home.Write("host.json", """{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }""");
        // Every file is large: its ingestion is a job, and waits for a worker that is not there.
        home.Write(
            "local.settings.json",
            $$"""{ "Values": { "FUNCTIONS_KEY": "{{Key}}", "Storage": "{{storage}}", "LocalBytes": "1" } }"""
        );
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Arguments = ["--port", "0"],
                Functions = typeof(RunsApi).Assembly,
                Classes =
                [
                    typeof(DropApi),
                    typeof(ModelsApi),
                    typeof(PipelinesApi),
                    typeof(RunsApi),
                    typeof(RunDecisionsApi),
                    typeof(RunOrchestrator),
                    typeof(OfferJob),
                    typeof(CheckJob),
                ],
                ContentRoot = home.Path,
            }
        );
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<ApiErrors>();
        builder.Services.AddPipeline(builder.Configuration);
        builder.Services.AddScaleSets();
        builder.Services.AddSingleton<DropQuarantine>();
        builder.Services.AddSingleton<KeptModel>();
        builder.Services.AddSingleton<RunStarter>();
        var built = builder.Build();
        await built.StartAsync(cancellationToken);
        var address = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ApiApp(home, built, new Uri(address));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
        folder.Dispose();
    }
}
