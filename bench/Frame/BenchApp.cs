using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Local.Durable;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Durable;

namespace Serverless.Bench.Frame;

/// <summary><see cref="BenchFunctions"/> in the local runtime, as an app of a user would run in it.</summary>
internal sealed class BenchApp : IAsyncDisposable
{
    private readonly IHost host;

    private BenchApp(IHost host, DurableTaskClient client)
    {
        this.host = host;
        Client = client;
        Address = new Uri(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public DurableTaskClient Client { get; }

    public Uri Address { get; }

    public DurableOptions Durable => host.Services.GetRequiredService<DurableHost>().Options;

    /// <summary>Waits until what has ended is on the disk alone.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var engine = host.Services.GetRequiredService<DurableHost>().Engine!;
        while (engine.InstancesInMemory > 0)
        {
            await Task.Delay(10, cancellationToken);
        }
    }

    public static async Task<BenchApp> StartAsync(string folder, CancellationToken cancellationToken)
    {
        // Else the one beside this program is found, the functions app's.
        await File.WriteAllTextAsync(Path.Combine(folder, "host.json"), """{ "version": "2.0" }""", cancellationToken);
        var builder = new FunctionsApplicationBuilder(
            new AppOptions
            {
                Arguments = ["--port", "0"],
                Functions = typeof(BenchFunctions).Assembly,
                Classes = [typeof(BenchFunctions)],
                ContentRoot = folder,
            }
        );
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var built = builder.Build();
        await built.StartAsync(cancellationToken);
        return new BenchApp(built, await built.Services.GetRequiredService<DurableHost>().ClientAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    }
}
