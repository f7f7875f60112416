using System.Diagnostics;
using System.Linq.Expressions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Hosting;

/// <summary>A function that can be run: middleware, then the compiled call on a fresh instance of its class.</summary>
internal sealed class Function
{
    /// <summary>The worker's source of spans; the name is the published one, so that an exporter finds it in both builds.</summary>
    public static readonly ActivitySource Spans = new("Microsoft.Azure.Functions.Worker");

    // Compiled at the first call: an app of fifty functions starts without waiting for fifty compilations.
    private readonly Lazy<Func<Invocation, object?, ValueTask<object?>>> _call;
    private readonly Lazy<Func<Invocation, object>>? _create;
    private readonly Func<Invocation, ValueTask<object?>>?[]? _fetches;
    private readonly FunctionExecutionDelegate _pipeline;
    private readonly string _span;

    public Function(
        FunctionDeclaration declaration,
        IReadOnlyList<ParameterSource> sources,
        IReadOnlyList<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> middleware
    )
    {
        Declaration = declaration;
        Definition = new LocalDefinition(declaration);
        _span = "function " + declaration.Name;
        _call = new(() => CompiledCall.Compile(declaration.Method, sources));
        if (!declaration.Method.IsStatic)
            _create = new(() => Factory(declaration.Method.DeclaringType!));
        if (sources.Any(s => s.Fetch is not null))
            _fetches = [.. sources.Select(s => s.Fetch)];
        FunctionExecutionDelegate pipeline = static context => Invocation.Of(context).Function.ExecuteAsync(Invocation.Of(context));
        for (var i = middleware.Count - 1; i >= 0; i--)
            pipeline = middleware[i](pipeline);
        _pipeline = pipeline;
    }

    public FunctionDeclaration Declaration { get; }

    public string Name => Declaration.Name;

    public FunctionDefinition Definition { get; }

    /// <summary>Runs middleware and function; the result is in <see cref="Invocation.Result"/>.</summary>
    /// <remarks>An orchestrator's code runs in turns and again at every replay: its span is the engine's.</remarks>
    public Task RunAsync(Invocation invocation) =>
        Spans.HasListeners() && Declaration.Trigger is not OrchestrationTriggerAttribute ? RunTraced(invocation) : _pipeline(invocation);

    private async Task RunTraced(Invocation invocation)
    {
        var isRequest = invocation.Http is not null;
        // A request's span ends with its function: a second one would say the same at the price of the first.
        using var own = isRequest ? null : Spans.StartActivity(_span);
        var span = isRequest ? Activity.Current : own;
        if (span is { IsAllDataRequested: true })
            span.AddTag("faas.name", Name).AddTag("faas.invocation_id", invocation.InvocationId);
        try
        {
            await _pipeline(invocation);
        }
        catch (Exception e)
        {
            // A caller that has left is no failure of its request.
            if (!isRequest || !invocation.Http!.RequestAborted.IsCancellationRequested)
            {
                span?.SetStatus(ActivityStatusCode.Error, e.Message);
                span?.AddException(e);
            }
            throw;
        }
    }

    private async Task ExecuteAsync(Invocation invocation)
    {
        if (_fetches is not null)
            await Fetch(invocation, _fetches);
        if (_create is null)
        {
            invocation.Result = await _call.Value(invocation, null);
            return;
        }
        var instance = _create.Value(invocation);
        try
        {
            invocation.Result = await _call.Value(invocation, instance);
        }
        finally
        {
            if (instance is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else if (instance is IDisposable disposable)
                disposable.Dispose();
        }
    }

    private static Func<Invocation, object> Factory(Type type)
    {
        if (type.GetConstructors() is [{ } only] && only.GetParameters().Length == 0)
        {
            var make = Expression.Lambda<Func<object>>(Expression.New(only)).Compile();
            return _ => make();
        }
        var create = ActivatorUtilities.CreateFactory(type, Type.EmptyTypes);
        return invocation => create(invocation.InstanceServices, null);
    }

    private static async ValueTask Fetch(Invocation invocation, Func<Invocation, ValueTask<object?>>?[] fetches)
    {
        var values = new object?[fetches.Length];
        for (var i = 0; i < fetches.Length; i++)
        {
            if (fetches[i] is { } fetch)
                values[i] = await fetch(invocation);
        }
        invocation.Fetched = values;
    }
}
