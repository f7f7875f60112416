using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Durable;
using Serverless.Local.Hosting.EventHubs;
using Serverless.Local.Hosting.Http;
using Serverless.Local.Hosting.Http.Data;

namespace Serverless.Local.Hosting;

/// <summary>Puts an app together: configuration, services, functions, and the host that runs them.</summary>
internal sealed class AppBuilder
{
    /// <summary>The host's published limit of a request body in bytes.</summary>
    private const long BodyLimit = 210_000_000;

    private readonly AppOptions _options;
    private readonly ContentRoot _root;
    private readonly LocalSettings _settings;
    private bool _aspNetCore;

    public AppBuilder(AppOptions options)
    {
        _options = options;
        _root = new ContentRoot(options.ContentRoot ?? Directory.GetCurrentDirectory());
        _settings = LocalSettings.Read(_root.Find("local.settings.json"));
        if (options.OwnsProcess)
            ExportSettings(_settings);
        Web = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions
            {
                Args = options.Arguments,
                ContentRootPath = _root.Folder,
                ApplicationName = options.Functions.GetName().Name,
                EnvironmentName = EnvironmentName(),
            }
        );
        AddSettings(Web.Configuration);
        // Found at build time of the app, not by looking for the slowest way to start.
        ((IHostApplicationBuilder)Web).ConfigureContainer(
            new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateScopes = Web.Environment.IsDevelopment() })
        );
        Web.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(30));
        Web.Services.AddOptions<WorkerOptions>();
    }

    public WebApplicationBuilder Web { get; }

    public List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> Middleware { get; } = [];

    public void UseAspNetCore()
    {
        if (_aspNetCore)
            return;
        _aspNetCore = true;
        Web.Services.AddMvcCore();
    }

    /// <exception cref="InvalidOperationException">With every problem that was found, one a line.</exception>
    public IHost Build()
    {
        var configuration = Web.Configuration;
        var host = HostSettings.Read(_root.Find("host.json"), configuration);
        var home = _root.Home(configuration["SERVERLESS_HOME"]);
        var port = HttpPort.Choose(_options.Arguments, configuration["FUNCTIONS_HTTP_PORT"], _settings.Port);
        var keys = FunctionKeys.Open(Path.Combine(home, "keys.json"), configuration["FUNCTIONS_KEY"]);
        Web.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = configuration.GetValue<long?>("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") ?? BodyLimit;
            kestrel.Listen(System.Net.IPAddress.Loopback, port);
        });
        Web.Services.AddRouting();
        Web.Services.Configure<RouteOptions>(o => o.SetParameterPolicy<RegexInlineRouteConstraint>("regex"));
        Web.Services.AddSingleton(new RequestDataSource(_aspNetCore));
        Web.Services.AddSingleton(new AppFiles(home));
        Web.Services.AddSingleton(host);
        Web.Services.AddSingleton<FirstAnswer>();
        Web.Services.AddSingleton<FunctionApp>();
        Web.Services.AddSingleton(services => new DurableHost(
            DurableSettings.Read(host, configuration, home),
            _options.Time,
            services.GetRequiredService<FirstAnswer>(),
            services,
            services.GetRequiredService<ILoggerFactory>()
        ));
        Web.Services.AddSingleton(services => new EventHubsHost(
            EventHubsSettings.Read(configuration, home),
            _options.Time,
            services.GetRequiredService<ILoggerFactory>()
        ));
        Web.Services.AddHostedService<AppLifetime>();
        var web = Web.Build();
        Compile(web, host, new KeyGate(keys));
        return web;
    }

    private void Compile(WebApplication web, HostSettings host, KeyGate gate)
    {
        var app = web.Services.GetRequiredService<FunctionApp>();
        var json = new JsonInput(web.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Serializer);
        var compiler = new AppCompiler(web.Services, host, web.Configuration, json, _aspNetCore, _options.Time);
        var problems = new List<string>();
        compiler.Compile(_options.Classes ?? _options.Functions.GetTypes(), Middleware, app, problems);
        var endpoints = new HttpEndpoints(host, gate, web, _options.Time);
        endpoints.Map(app, problems);
        if (problems.Count > 0)
            throw new InvalidOperationException(
                problems.Count == 1
                    ? problems[0]
                    : $"The app cannot start, {problems.Count} problems were found:\n- {string.Join("\n- ", problems)}"
            );
    }

    private void AddSettings(ConfigurationManager configuration)
    {
        var values = _settings.Values.ToDictionary(
            v => v.Key.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal),
            v => (string?)v.Value
        );
        // Before every other source: the environment and the arguments win.
        configuration.Sources.Insert(0, new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = values });
        configuration.Sources.Insert(
            0,
            new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource
            {
                InitialData = new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    // A line for every request is the host's business on the platform, and too dear here.
                    ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
                    // As long as it may write a line it makes a span and a scope of each request for it.
                    ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
                    ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning",
                },
            }
        );
    }

    private static void ExportSettings(LocalSettings settings)
    {
        foreach (var (name, value) in settings.Values)
        {
            if (Environment.GetEnvironmentVariable(name) is null)
                Environment.SetEnvironmentVariable(name, value);
        }
    }

    private static string EnvironmentName() =>
        Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT")
        ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
        ?? Environments.Development;
}
