using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Local.Hosting.Durable;
using Serverless.Local.Hosting.Durable.Management;

namespace Serverless.Local.Hosting.Http;

/// <summary>Gives every HTTP function its route, and the host its own.</summary>
internal sealed class HttpEndpoints(HostSettings host, KeyGate gate, WebApplication web, TimeProvider time)
{
    private readonly List<(string Function, string Route, string[]? Methods)> _taken = [];

    public void Map(FunctionApp app, List<string> problems)
    {
        AdminEndpoints.Map(web, gate, app);
        var logger = web.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Serverless.Local.Http");
        if (web.Services.GetRequiredService<DurableHost>() is { Needed: true } durable)
        {
            var links = new ManagementLinks(durable.Options.HubName, gate.DurableKey, () => web.Urls.First());
            durable.Links = links;
            new ManagementEndpoints(durable, links, gate, logger).Map(web);
        }
        var functions = app.Functions.Where(f => f.Function.Declaration.Trigger is HttpTriggerAttribute).ToList();
        if (functions.Count == 0)
            return;
        var first = web.Services.GetRequiredService<FirstAnswer>();
        var limits = HttpLimits.Of(host.Http);
        var limit = TimeLimit.Of(host.FunctionTimeout, time, logger);
        var watch = limit is null ? null : new CallWatch(limit);
        if (watch is not null)
            web.Lifetime.ApplicationStopped.Register(watch.Dispose);
        var writer = ActivatorUtilities.CreateInstance<ResultWriter>(web.Services);
        foreach (var (function, outputs) in functions)
        {
            var trigger = (HttpTriggerAttribute)function.Declaration.Trigger;
            if (Route(function.Name, trigger, problems) is not { } route)
                continue;
            RequestDelegate handle = new HttpFunction(
                function,
                trigger.AuthLevel,
                gate,
                writer,
                outputs,
                first,
                limit,
                watch,
                logger
            ).HandleAsync;
            if (limits is not null)
                handle = limits.Around(handle);
            handle = new RequestTelemetry(route).Around(handle);
            var endpoint = trigger.Methods is { Length: > 0 } methods
                ? web.MapMethods(route, methods.Select(m => m.ToUpperInvariant()), handle)
                : web.Map(route, handle);
            endpoint.WithDisplayName("Functions." + function.Name);
        }
    }

    private string? Route(string function, HttpTriggerAttribute trigger, List<string> problems)
    {
        var route = (trigger.Route ?? function).Trim('/');
        var path = host.RoutePrefix.Length == 0 ? route : $"{host.RoutePrefix}/{route}";
        try
        {
            RoutePatternFactory.Parse(path);
        }
        catch (RoutePatternException e)
        {
            problems.Add($"Function '{function}': the route '{trigger.Route}' is not valid. {e.Message}");
            return null;
        }
        if (path.Split('/')[0].ToUpperInvariant() is "ADMIN" or "RUNTIME")
        {
            problems.Add(
                $"Function '{function}': the specified route '{path}' conflicts with one or more built in routes. The host keeps /admin and /runtime to itself; choose another."
            );
            return null;
        }
        foreach (
            var other in _taken.Where(t =>
                string.Equals(t.Route, path, StringComparison.OrdinalIgnoreCase) && Overlap(t.Methods, trigger.Methods)
            )
        )
            problems.Add(
                $"Function '{function}': the route '{path}' is already answered by '{other.Function}' for the same methods. Change the route or the methods of one of them."
            );
        _taken.Add((function, path, trigger.Methods));
        return "/" + path;
    }

    private static bool Overlap(string[]? left, string[]? right) =>
        left is null or [] || right is null or [] || left.Intersect(right, StringComparer.OrdinalIgnoreCase).Any();
}
