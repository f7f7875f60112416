using System.Linq.Expressions;
using System.Reflection;

namespace Serverless.Local.Hosting.Binding;

/// <summary>Turns a method and the sources of its parameters into one delegate: nothing is looked up by reflection for a call.</summary>
internal static class CompiledCall
{
    public static Func<Invocation, object?, ValueTask<object?>> Compile(MethodInfo method, IReadOnlyList<ParameterSource> sources)
    {
        var invocation = Expression.Parameter(typeof(Invocation), "invocation");
        var instance = Expression.Parameter(typeof(object), "instance");
        var arguments = method.GetParameters().Select((p, i) => Argument(p, i, sources[i], invocation));
        var call = Expression.Call(method.IsStatic ? null : Expression.Convert(instance, method.DeclaringType!), method, arguments);
        return Expression
            .Lambda<Func<Invocation, object?, ValueTask<object?>>>(Result(call, method.ReturnType), invocation, instance)
            .Compile();
    }

    private static Expression Argument(ParameterInfo parameter, int position, ParameterSource source, Expression invocation)
    {
        if (source.Read is not null)
            return source.Read(invocation);
        var fetched = Expression.ArrayIndex(Expression.Property(invocation, nameof(Invocation.Fetched)), Expression.Constant(position));
        return Expression.Call(typeof(Unboxed), nameof(Unboxed.Value), [parameter.ParameterType], fetched);
    }

    private static Expression Result(Expression call, Type type)
    {
        if (type == typeof(void))
            return Expression.Block(call, Expression.Default(typeof(ValueTask<object?>)));
        if (type == typeof(ValueTask))
            return Expression.Call(typeof(Unboxed), nameof(Unboxed.OfValueTask), null, call);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            return Expression.Call(typeof(Unboxed), nameof(Unboxed.OfValueTaskWith), type.GetGenericArguments(), call);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>))
            return Expression.Call(typeof(Unboxed), nameof(Unboxed.OfTaskWith), type.GetGenericArguments(), call);
        if (typeof(Task).IsAssignableFrom(type))
            return Expression.Call(typeof(Unboxed), nameof(Unboxed.OfTask), null, call);
        return Expression.Call(typeof(Unboxed), nameof(Unboxed.OfValue), [type], call);
    }
}
