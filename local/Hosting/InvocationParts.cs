using System.Collections;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Serverless.Local.Hosting;

internal sealed class InvocationFeatures(HttpContext? http) : IInvocationFeatures
{
    private readonly Dictionary<Type, object> _features = http is null ? [] : new() { [typeof(HttpContext)] = http };

    public T? Get<T>() => _features.TryGetValue(typeof(T), out var feature) ? (T)feature : default;

    public void Set<T>(T instance)
    {
        if (instance is null)
            _features.Remove(typeof(T));
        else
            _features[typeof(T)] = instance;
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>The trigger's facts by name, upper and lower case alike.</summary>
internal sealed class TriggerFacts(IReadOnlyDictionary<string, object?> values) : BindingContext
{
    public static TriggerFacts None { get; } = new(new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase));

    public override IReadOnlyDictionary<string, object?> BindingData { get; } = values;
}

internal sealed class InvocationTrace(string parent, string state) : TraceContext
{
    public override string TraceParent { get; } = parent;

    public override string TraceState { get; } = state;

    public static InvocationTrace Of(HttpContext? http)
    {
        if (Activity.Current is { } activity)
            return new(activity.Id ?? "", activity.TraceStateString ?? "");
        return http is null ? new("", "") : new(http.Request.Headers.TraceParent.ToString(), http.Request.Headers.TraceState.ToString());
    }
}

internal sealed class Retries(int count, int most) : RetryContext
{
    /// <summary>Of a function without a retry attribute.</summary>
    public static Retries None { get; } = new(0, 0);

    public override int RetryCount => count;

    public override int MaxRetryCount => most;
}

internal sealed class ResultAccessor(Invocation invocation) : InvocationResult
{
    public override object? Value
    {
        get => invocation.Result;
        set => invocation.Result = value;
    }
}

internal sealed class TypedResultAccessor<T>(Invocation invocation) : InvocationResult<T>
{
    public override T? Value
    {
        get =>
            invocation.Result switch
            {
                null => default,
                T value => value,
                var other => throw new InvalidOperationException(
                    $"Function '{invocation.Function.Name}' returned a {other.GetType().Name}, not a {typeof(T).Name}."
                ),
            };
        set => invocation.Result = value;
    }
}
