using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Serverless.Local.Hosting.Discovery;
using Serverless.Local.Hosting.Http.Data;

namespace Serverless.Local.Hosting;

/// <summary>Where the result of a function goes besides its caller: queues and hubs named at the method or at properties of the result.</summary>
internal sealed class OutputBindings
{
    private readonly List<(Func<object, object?> Value, IOutput Output)> _outputs = [];
    private PropertyInfo? _response;
    private bool _wholeResult;

    public bool IsEmpty => _outputs.Count == 0;

    public static OutputBindings For(FunctionDeclaration function, OutputFactory factory, List<string> problems)
    {
        var outputs = new OutputBindings();
        var returned = ResultOf(function.Method.ReturnType);
        var where = $"Function '{function.Name}' ({function.EntryPoint})";
        foreach (var attribute in function.Method.GetCustomAttributes<OutputBindingAttribute>())
        {
            outputs._wholeResult = true;
            outputs.Add(where, attribute, returned, result => result, factory, problems);
        }
        outputs._response = ResponseProperty.In(returned);
        foreach (var property in returned.GetProperties())
        {
            foreach (var attribute in property.GetCustomAttributes<OutputBindingAttribute>())
            {
                if (attribute is not HttpResultAttribute)
                    outputs.Add(
                        $"{where}, property '{property.Name}' of the result",
                        attribute,
                        property.PropertyType,
                        property.GetValue,
                        factory,
                        problems
                    );
            }
        }
        if (!outputs.IsEmpty && function.Trigger is OrchestrationTriggerAttribute)
            problems.Add($"{where}: an orchestrator must not do I/O, so it cannot have output bindings. Send from an activity.");
        return outputs;
    }

    /// <summary>What an HTTP function's caller gets of its result.</summary>
    public object? ResponseOf(object? result)
    {
        if (_response is not null && result is not null && _response.DeclaringType!.IsInstanceOfType(result))
            return _response.GetValue(result);
        return _wholeResult || (_outputs.Count > 0 && _response is null) ? null : result;
    }

    /// <summary>Returns when every one of them has taken what it was sent.</summary>
    public async Task SendAsync(object? result, CancellationToken cancellationToken)
    {
        if (result is null)
            return;
        foreach (var (value, output) in _outputs)
        {
            if (value(result) is { } sent)
                await output.SendAsync(sent, cancellationToken);
        }
    }

    private void Add(
        string where,
        OutputBindingAttribute attribute,
        Type type,
        Func<object, object?> value,
        OutputFactory factory,
        List<string> problems
    )
    {
        try
        {
            _outputs.Add((value, factory.Create(where, attribute, type)));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            problems.Add(e is FormatException ? $"{where}: {e.Message}" : e.Message);
        }
    }

    private static Type ResultOf(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? type.GetGenericArguments()[0]
            : type;
}
