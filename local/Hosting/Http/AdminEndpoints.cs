using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting.Http;

/// <summary>The host's own routes: ping for everyone, status and the list of functions with the master key.</summary>
internal static class AdminEndpoints
{
    public static void Map(WebApplication web, KeyGate gate, FunctionApp app)
    {
        RequestDelegate ping = http => http.Response.CompleteAsync();
        RequestDelegate status = Guarded(gate, _ => new HostStatus("Running", Version, Environment.ProcessId));
        RequestDelegate functions = Guarded(gate, _ => app.Functions.Select(f => Describe(f.Function)).ToArray());
        web.MapMethods("/admin/host/ping", ["GET", "POST"], ping);
        web.MapMethods("/admin/host/status", ["GET"], status);
        web.MapMethods("/admin/functions", ["GET"], functions);
    }

    private static string Version => typeof(AdminEndpoints).Assembly.GetCustomAttribute<AssemblyFileVersionAttribute>()?.Version ?? "0";

    private static RequestDelegate Guarded<T>(KeyGate gate, Func<HttpContext, T> answer) =>
        http =>
            gate.Allows(http.Request, AuthorizationLevel.Admin)
                ? http.Response.WriteAsJsonAsync(answer(http), http.RequestAborted)
                : KeyGate.RefuseAsync(http, AuthorizationLevel.Admin);

    private static FunctionStatus Describe(Function function) =>
        new(
            function.Name,
            function.Definition.EntryPoint,
            function.Declaration.Trigger.GetType().Name.Replace("Attribute", "", StringComparison.Ordinal)
        );

    private sealed record HostStatus(string State, string Version, int ProcessId);

    private sealed record FunctionStatus(string Name, string EntryPoint, string Trigger);
}
