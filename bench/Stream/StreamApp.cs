using System.Diagnostics.Metrics;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Functions.Streaming;
using Serverless.Local.Hosting;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Storage;
using Serverless.Pipeline.Streaming;

namespace Serverless.Bench.Stream;

/// <summary>The app's streaming function in the local runtime with the app's own host.json, over hubs and storage of the caller's; it counts what it scores.</summary>
internal sealed class StreamApp : IAsyncDisposable
{
    private readonly IHost host;
    private readonly MeterListener listener;
    private long scored;

    private StreamApp(IHost host)
    {
        this.host = host;
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "serverless.predictions" && instrument.Meter.Scope == meters)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, rows, _, _) => Interlocked.Add(ref scored, rows));
        listener.Start();
    }

    public long Scored => Interlocked.Read(ref scored);

    public static async Task<StreamApp> StartAsync(
        string folder,
        IServedModels models,
        string hubs,
        string storage,
        CancellationToken cancellationToken
    )
    {
        Directory.CreateDirectory(folder);
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Arguments = ["--port", "0"],
                Functions = typeof(OnTelemetry).Assembly,
                Classes = [typeof(OnTelemetry)],
                ContentRoot = folder,
            }
        );
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = storage,
                ["EventHubConnection"] = hubs,
                ["EventHubs:Enabled"] = "false",
            }
        );
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(models);
        builder.Services.AddSingleton(StorageClients.FromConnectionString(storage));
        builder.Services.AddServing();
        builder.Services.AddStreaming();
        var built = builder.Build();
        var app = new StreamApp(built);
        await built.StartAsync(cancellationToken);
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
        listener.Dispose();
    }
}
