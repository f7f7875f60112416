using System.Linq.Expressions;
using System.Reflection;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Hosting.Binding;

/// <summary>
/// Where the value of one parameter comes from: an expression over the invocation, which is compiled into the call,
/// or something to await before it.
/// </summary>
internal sealed record ParameterSource
{
    public Func<Expression, Expression>? Read { get; private init; }

    public Func<Invocation, ValueTask<object?>>? Fetch { get; private init; }

    public static ParameterSource Inline(Func<Expression, Expression> read) => new() { Read = read };

    public static ParameterSource Awaited(Func<Invocation, ValueTask<object?>> fetch) => new() { Fetch = fetch };

    /// <summary>A call of a static generic method <c>T Method&lt;T&gt;(Invocation, ...)</c> for the parameter's type.</summary>
    public static ParameterSource Call(Type owner, string method, Type type, params object?[] constants)
    {
        var generic = owner.GetMethod(method, BindingFlags.Static | BindingFlags.Public)!.MakeGenericMethod(type);
        var rest = generic.GetParameters().Skip(1).Zip(constants, (p, value) => (Expression)Expression.Constant(value, p.ParameterType));
        return Inline(invocation => Expression.Call(generic, rest.Prepend(invocation)));
    }
}

/// <summary>Knows the parameters that one kind of trigger can fill.</summary>
internal interface ITriggerParameters
{
    /// <summary>Whether the function is started by this kind of trigger.</summary>
    bool Starts(FunctionDeclaration function);

    /// <summary>The source of the trigger's own parameter; null when its type is not supported.</summary>
    ParameterSource? Trigger(FunctionDeclaration function);

    /// <summary>The types that <see cref="Trigger"/> supports, for the message that refuses others.</summary>
    string TriggerTypes { get; }

    /// <summary>The source of a parameter without a binding, by its name; null when the trigger has nothing of that name.</summary>
    ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter);
}
