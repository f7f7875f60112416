using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Azure.Functions.Worker.Http;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Hosting.Binding;

/// <summary>Chooses the source of every parameter of a function, or says why there is none.</summary>
internal sealed class ParameterSources(IReadOnlyList<ITriggerParameters> triggers, BodySource body, DurableClientSource durable)
{
    public IReadOnlyList<ParameterSource>? For(FunctionDeclaration function, List<string> problems)
    {
        var trigger = triggers.FirstOrDefault(t => t.Starts(function));
        if (trigger is null)
        {
            problems.Add(
                $"Function '{function.Name}': the binding type '{function.Trigger.GetType().Name}' is not registered with this runtime. See local/README.md for the triggers it has."
            );
            return null;
        }
        var sources = new List<ParameterSource>();
        foreach (var parameter in function.Method.GetParameters())
        {
            if (Choose(function, parameter, trigger) is { } source)
                sources.Add(source);
            else
                problems.Add(Refusal(function, parameter, trigger));
        }
        return sources.Count == function.Method.GetParameters().Length ? sources : null;
    }

    private ParameterSource? Choose(FunctionDeclaration function, ParameterInfo parameter, ITriggerParameters trigger)
    {
        var type = parameter.ParameterType;
        if (type.IsByRef)
            return null;
        if (parameter == function.TriggerParameter)
            return trigger.Trigger(function);
        if (parameter.GetCustomAttribute<DurableClientAttribute>() is { } client)
            return durable.For(client, type);
        if (parameter.GetCustomAttribute<FromBodyAttribute>() is not null)
            return function.Trigger is HttpTriggerAttribute ? body.For(type) : null;
        if (
            parameter.GetCustomAttribute<InputBindingAttribute>() is not null
            || parameter.GetCustomAttribute<InputConverterAttribute>() is not null
        )
            return null;
        if (type == typeof(FunctionContext))
            return ParameterSource.Inline(invocation => Expression.Convert(invocation, typeof(FunctionContext)));
        if (type == typeof(CancellationToken))
            return ParameterSource.Inline(invocation => Expression.Property(invocation, nameof(Invocation.CancellationToken)));
        return trigger.Named(function, parameter) ?? (parameter.HasDefaultValue ? ParameterSource.Inline(_ => Default(parameter)) : null);
    }

    private static Expression Default(ParameterInfo parameter) =>
        parameter.DefaultValue is null
            ? Expression.Default(parameter.ParameterType)
            : Expression.Convert(Expression.Constant(parameter.DefaultValue), parameter.ParameterType);

    private static string Refusal(FunctionDeclaration function, ParameterInfo parameter, ITriggerParameters trigger)
    {
        var what =
            $"Function '{function.Name}' ({function.EntryPoint}): cannot bind parameter '{parameter.Name}' to type {parameter.ParameterType}.";
        if (parameter == function.TriggerParameter)
            return $"{what} {function.Trigger.GetType().Name} takes {trigger.TriggerTypes}.";
        if (parameter.GetCustomAttribute<DurableClientAttribute>() is not null)
            return $"{what} [DurableClient] takes Microsoft.DurableTask.Client.DurableTaskClient of this app's own task hub.";
        if (parameter.GetCustomAttribute<FromBodyAttribute>() is not null)
            return $"{what} [FromBody] needs an [HttpTrigger] in the same function.";
        return $"{what} The trigger has no value of that name. Take services in the constructor of the class; use FunctionContext for the rest.";
    }
}
