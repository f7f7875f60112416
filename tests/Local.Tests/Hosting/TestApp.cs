using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serverless.Local.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>A real app in this process: own folder, free port, only the classes a test names.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly TestFolder? _owned;
    private readonly IHost _host;

    private TestApp(IHost host, string folder, TestFolder? owned)
    {
        _host = host;
        _owned = owned;
        Folder = folder;
        Url = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Client = new HttpClient { BaseAddress = new Uri(Url) };
        using var keys = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, ".serverless", "keys.json")));
        Key = keys.RootElement.GetProperty("functionKeys").GetProperty("default").GetString()!;
        MasterKey = keys.RootElement.GetProperty("masterKey").GetString()!;
        SystemKey = keys.RootElement.GetProperty("systemKeys").GetProperty("durabletask_extension").GetString()!;
    }

    public string Folder { get; }

    public string Url { get; }

    public HttpClient Client { get; }

    public string Key { get; }

    public string MasterKey { get; }

    public string SystemKey { get; }

    public IServiceProvider Services => _host.Services;

    public static FunctionsApplicationBuilder Builder(string folder, params Type[] classes) =>
        Builder(folder, TimeProvider.System, classes);

    public static FunctionsApplicationBuilder Builder(string folder, TimeProvider time, params Type[] classes)
    {
        var builder = PlainBuilder(folder, time, classes);
        builder.ConfigureFunctionsWebApplication();
        return builder;
    }

    /// <summary>Without ASP.NET Core's types.</summary>
    public static FunctionsApplicationBuilder PlainBuilder(string folder, TimeProvider time, params Type[] classes)
    {
        // Else the one beside the test assembly is found.
        var settings = Path.Combine(folder, "host.json");
        if (!File.Exists(settings))
            File.WriteAllText(settings, """{ "version": "2.0" }""");
        return new FunctionsApplicationBuilder(
            new AppOptions
            {
                Functions = typeof(TestApp).Assembly,
                Classes = classes,
                ContentRoot = folder,
                Arguments = ["--port", "0"],
                Time = time,
            }
        );
    }

    public static async Task<TestApp> StartAsync(IHost host, string folder, TestFolder? owned = null)
    {
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestApp(host, folder, owned);
    }

    /// <summary>Starts the classes with settings, in a new folder.</summary>
    public static Task<TestApp> StartWithAsync(Dictionary<string, string?> settings, params Type[] classes)
    {
        var folder = new TestFolder();
        var builder = Builder(folder.Path, classes);
        builder.Configuration.AddInMemoryCollection(settings);
        return StartAsync(builder.Build(), folder.Path, folder);
    }

    public static Task<TestApp> StartAsync(params Type[] classes) => StartWithAsync([], classes);

    /// <summary>What SIGTERM begins.</summary>
    public Task StopAsync() => _host.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync(CancellationToken.None);
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        _owned?.Dispose();
    }
}
