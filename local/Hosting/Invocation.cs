using System.Buffers.Binary;
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
    private static readonly Guid Process = Guid.CreateVersion7();
    private static long _made;

    private readonly TimeLimit? _limit;
    private readonly long _began;
    private Rare? _rare;

    /// <param name="function">The function.</param>
    /// <param name="http">The request.</param>
    /// <param name="limit">Cancels <see cref="CancellationToken"/>, which the caller's leaving does as well; null: no limit.</param>
    public Invocation(Function function, HttpContext http, TimeLimit? limit)
    {
        Function = function;
        Http = http;
        if (limit is not null)
            (_limit, _began) = (limit, limit.Time.GetTimestamp());
    }

    public Invocation(Function function, IServiceProvider root, object? trigger, TriggerFacts? data, CancellationToken cancellation)
    {
        Function = function;
        Trigger = trigger;
        _rare = new Rare
        {
            Root = root,
            Data = data ?? TriggerFacts.None,
            Cancellation = cancellation,
        };
    }

    public Function Function { get; }

    public HttpContext? Http { get; }

    /// <summary>What started the function: a queue message, a timer's state, an orchestration, an activity's input.</summary>
    public object? Trigger { get; }

    /// <summary>Values of parameters that had to be awaited, by position.</summary>
    public object?[] Fetched { get; set; } = [];

    public object? Result { get; set; }

    public TriggerFacts Data => _rare?.Data ?? TriggerFacts.None;

    public override string InvocationId => More.Id ??= NewId();

    public override string FunctionId => Function.Definition.Id;

    public override TraceContext TraceContext => More.Trace ??= InvocationTrace.Of(Http);

    public override BindingContext BindingContext => Data;

    public override RetryContext RetryContext => Retries;

    /// <summary>How often the function was run before for the same trigger.</summary>
    public Retries Retries
    {
        get => _rare?.Retries ?? Retries.None;
        set => More.Retries = value;
    }

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override CancellationToken CancellationToken =>
        Http is null ? More.Cancellation
        : _limit is null ? Http.RequestAborted
        : More.Limited ??= Limited(Http, _limit);

    /// <summary>Of an HTTP function with a limit.</summary>
    public TimeSpan Age => _limit is null ? TimeSpan.Zero : _limit.Time.GetElapsedTime(_began);

    /// <summary>Whether an HTTP function has had all of its time. Its request may be gone by then.</summary>
    public bool IsOverdue => _limit is not null && (_rare?.Over is { IsCancellationRequested: true } || TimeLeft(_limit) <= TimeSpan.Zero);

    public override IServiceProvider InstanceServices
    {
        get
        {
            var more = More;
            if (more.Services is not null)
                return more.Services;
            // Asked for late: the request's services are a scope, which is made when they are asked for and disposed of with the request.
            if (Http is not null)
                return more.Services = Http.RequestServices;
            more.Scope = more.Root!.CreateAsyncScope();
            return more.Services = more.Scope.Value.ServiceProvider;
        }
        set => More.Services = value;
    }

    public override IDictionary<object, object> Items
    {
        get => More.Items ??= new Dictionary<object, object>();
        set => More.Items = value;
    }

    public override IInvocationFeatures Features => More.Features ??= new InvocationFeatures(Http);

    public ResultAccessor ResultAccess => More.Access ??= new ResultAccessor(this);

    private Rare More => _rare ??= new Rare();

    public static Invocation Of(FunctionContext context) =>
        context as Invocation
        ?? throw new InvalidOperationException(
            $"The context is a {context?.GetType().FullName ?? "null"}, not the one the runtime made. Pass on the FunctionContext that middleware or function was given."
        );

    public InvocationResult<T> ResultAs<T>() => new TypedResultAccessor<T>(this);

    public ValueTask DisposeAsync()
    {
        if (_rare is null)
            return ValueTask.CompletedTask;
        _rare.Both?.Dispose();
        _rare.Over?.Dispose();
        return _rare.Scope is { } scope ? scope.DisposeAsync() : ValueTask.CompletedTask;
    }

    // Its clock is set when somebody asks for the token.
    private CancellationToken Limited(HttpContext http, TimeLimit limit)
    {
        if (TimeLeft(limit) is not { Ticks: > 0 } left)
            return new CancellationToken(true);
        More.Over = new CancellationTokenSource(left, limit.Time);
        More.Both = CancellationTokenSource.CreateLinkedTokenSource(More.Over.Token, http.RequestAborted);
        return More.Both.Token;
    }

    private TimeSpan TimeLeft(TimeLimit limit) => limit.Value - Age;

    // The process's own id, counted on: a new Guid asks the system for its randomness, which costs more than a short function.
    private static string NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Process.TryWriteBytes(bytes);
        var count = bytes[^sizeof(long)..];
        BinaryPrimitives.WriteInt64LittleEndian(
            count,
            BinaryPrimitives.ReadInt64LittleEndian(count) ^ (Interlocked.Increment(ref _made) << 8)
        );
        return new Guid(bytes).ToString();
    }

    /// <summary>What most HTTP calls do without.</summary>
    private sealed class Rare
    {
        public IServiceProvider? Root { get; init; }

        public TriggerFacts? Data { get; init; }

        public CancellationToken Cancellation { get; init; }

        public CancellationToken? Limited { get; set; }

        public CancellationTokenSource? Over { get; set; }

        public CancellationTokenSource? Both { get; set; }

        public Retries? Retries { get; set; }

        public string? Id { get; set; }

        public AsyncServiceScope? Scope { get; set; }

        public IServiceProvider? Services { get; set; }

        public IDictionary<object, object>? Items { get; set; }

        public InvocationFeatures? Features { get; set; }

        public InvocationTrace? Trace { get; set; }

        public ResultAccessor? Access { get; set; }
    }
}
