using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local.EventHubs;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;
using Serverless.Local.Hosting.Durable;
using Serverless.Local.Hosting.EventHubs;
using Serverless.Local.Hosting.Http;
using Serverless.Local.Hosting.Http.Data;
using Serverless.Local.Triggers;
using Serverless.Local.Triggers.EventHubs;
using Serverless.Local.Triggers.Queues;
using Serverless.Local.Triggers.Timers;

namespace Serverless.Local.Hosting;

/// <summary>Makes functions of the declarations that were found, and listeners of their triggers.</summary>
internal sealed class AppCompiler(
    IServiceProvider services,
    HostSettings host,
    IConfiguration configuration,
    JsonInput json,
    bool aspNetCore,
    TimeProvider time
)
{
    private readonly DurableHost _durable = services.GetRequiredService<DurableHost>();
    private readonly StorageConnections _connections = new(configuration);

    public void Compile(
        IEnumerable<Type> classes,
        IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware,
        FunctionApp app,
        List<string> problems
    )
    {
        ITriggerParameters[] triggers =
        [
            new HttpParameters(aspNetCore, services.GetRequiredService<RequestDataSource>()),
            new QueueParameters(json),
            new TimerParameters(),
            new EventHubParameters(json),
            new OrchestratorParameters(),
            new ActivityParameters(),
        ];
        var sources = new ParameterSources(triggers, new BodySource(), new DurableClientSource(_durable));
        var identities = new HubIdentities(configuration, EventHubsConnectionString.OfNamespace);
        var hubs = new HubClients(configuration, host, services.GetRequiredService<EventHubsHost>(), time, identities);
        var factory = new OutputFactory(json, _connections, hubs, configuration);
        foreach (var declaration in FunctionFinder.Find(classes, problems))
        {
            if (sources.For(declaration, problems) is not { } parameters)
                continue;
            // Before its outputs: a function is disabled where what it needs is not there.
            if (Disabled(declaration.Name))
                continue;
            var outputs = OutputBindings.For(declaration, factory, problems);
            var function = new Function(declaration, parameters, middleware);
            app.Functions.Add((function, outputs));
            _durable.Add(function, outputs, problems);
        }
        var listeners = new ListenerFactory(
            services,
            host,
            configuration,
            _connections,
            hubs,
            services.GetRequiredService<AppFiles>().Home,
            time
        );
        listeners.AddTo(app, problems);
    }

    /// <summary><c>AzureWebJobs.NAME.Disabled</c>, as on the platform; with <c>__</c> where a dot cannot be written.</summary>
    private bool Disabled(string name) =>
        configuration[$"AzureWebJobs.{name}.Disabled"] is { } text
            ? IsTrue(text)
            : configuration[$"AzureWebJobs:{name}:Disabled"] is { } other && IsTrue(other);

    private static bool IsTrue(string text) => text == "1" || string.Equals(text, "true", StringComparison.OrdinalIgnoreCase);
}
