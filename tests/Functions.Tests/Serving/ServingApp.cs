using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Functions.Serving;
using Serverless.Local.Hosting;
using Serverless.Pipeline.Serving;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Serving;

/// <summary>The app's serving functions in the local runtime, on a free port, over a registry of the caller's.</summary>
internal sealed class ServingApp : IAsyncDisposable
{
    public const string Key = "test-key";

    private readonly TestFolder folder;
    private readonly IHost host;

    private ServingApp(TestFolder folder, IHost host, Uri address)
    {
        (this.folder, this.host) = (folder, host);
        Client = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { { "x-functions-key", Key } } };
    }

    /// <summary>Sends the key with every request.</summary>
    public HttpClient Client { get; }

    /// <param name="models">Registry.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    /// <param name="more">What else the app has.</param>
    public static async Task<ServingApp> StartAsync(
        IServedModels models,
        CancellationToken cancellationToken,
        Action<FunctionsApplicationBuilder>? more = null
    )
    {
        var home = new TestFolder();
        home.Write("local.settings.json", $$"""{ "Values": { "FUNCTIONS_KEY": "{{Key}}" } }""");
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Arguments = ["--port", "0"],
                Functions = typeof(PredictFunction).Assembly,
                Classes = [typeof(HealthFunctions), typeof(ModelFunctions), typeof(InferFunctions), typeof(PredictFunction)],
                ContentRoot = home.Path,
            }
        );
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddSingleton(models);
        builder.Services.AddServing();
        more?.Invoke(builder);
        var built = builder.Build();
        await built.StartAsync(cancellationToken);
        var address = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new ServingApp(home, built, new Uri(address));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
        folder.Dispose();
    }
}
