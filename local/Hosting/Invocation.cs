using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace Serverless.Local.Hosting;

/// <summary>
/// One run of one function. All that a function may never ask for (id, features, items, trace, scope) is made when it is asked for:
/// an HTTP call pays for this object and little else.
/// </summary>
internal sealed class Invocation : FunctionContext, IAsyncDisposable
{
    private readonly IServiceProvider? _root;
    private readonly CancellationToken _cancellation;
    private readonly TriggerFacts? _data;
    private string? _id;
    private AsyncServiceScope? _scope;
    private IServiceProvider? _services;
    private IDictionary<object, object>? _items;
    private InvocationFeatures? _features;
    private InvocationTrace? _trace;
    private ResultAccessor? _access;

    public Invocation(Function function, HttpContext http)
    {
        Function = function;
        Http = http;
    }

    public Invocation(Function function, IServiceProvider root, object? trigger, TriggerFacts? data, CancellationToken cancellation)
    {
        Function = function;
        Trigger = trigger;
        _root = root;
        _data = data;
        _cancellation = cancellation;
    }

    public Function Function { get; }

    public HttpContext? Http { get; }

    /// <summary>What started the function: a queue message, a timer's state, an orchestration, an activity's input.</summary>
    public object? Trigger { get; }

    /// <summary>Values of parameters that had to be awaited, by position.</summary>
    public object?[] Fetched { get; set; } = [];

    public object? Result { get; set; }

    public TriggerFacts Data => _data ?? TriggerFacts.None;

    public override string InvocationId => _id ??= Guid.CreateVersion7().ToString();

    public override string FunctionId => Function.Definition.Id;

    public override TraceContext TraceContext => _trace ??= InvocationTrace.Of(Http);

    public override BindingContext BindingContext => Data;

    public override RetryContext RetryContext => Retries;

    /// <summary>How often the function was run before for the same trigger.</summary>
    public Retries Retries { get; set; } = Retries.None;

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override CancellationToken CancellationToken => Http?.RequestAborted ?? _cancellation;

    public override IServiceProvider InstanceServices
    {
        get
        {
            if (_services is not null)
                return _services;
            // Asked for late: the request's services are a scope, which is made when they are asked for and disposed of with the request.
            if (Http is not null)
                return _services = Http.RequestServices;
            _scope = _root!.CreateAsyncScope();
            return _services = _scope.Value.ServiceProvider;
        }
        set => _services = value;
    }

    public override IDictionary<object, object> Items
    {
        get => _items ??= new Dictionary<object, object>();
        set => _items = value;
    }

    public override IInvocationFeatures Features => _features ??= new InvocationFeatures(Http);

    public ResultAccessor ResultAccess => _access ??= new ResultAccessor(this);

    public static Invocation Of(FunctionContext context) =>
        context as Invocation
        ?? throw new InvalidOperationException(
            $"The context is a {context?.GetType().FullName ?? "null"}, not the one the runtime made. Pass on the FunctionContext that middleware or function was given."
        );

    public InvocationResult<T> ResultAs<T>() => new TypedResultAccessor<T>(this);

    public ValueTask DisposeAsync() => _scope is { } scope ? scope.DisposeAsync() : ValueTask.CompletedTask;
}
