using System.Collections;
using System.Reflection;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.Extensions.Configuration;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Hosting;

/// <summary>Where the result of a function goes besides its caller: queues named at the method or at properties of the result.</summary>
internal sealed class OutputBindings
{
    private readonly List<(Func<object, object?> Value, QueueClient Queue)> _queues = [];
    private readonly JsonInput _json;
    private PropertyInfo? _response;
    private bool _wholeResult;

    private OutputBindings(JsonInput json) => _json = json;

    public bool IsEmpty => _queues.Count == 0;

    public static OutputBindings For(
        FunctionDeclaration function,
        JsonInput json,
        StorageConnections connections,
        IConfiguration configuration,
        List<string> problems
    )
    {
        var outputs = new OutputBindings(json);
        var where = $"Function '{function.Name}' ({function.EntryPoint})";
        foreach (var attribute in function.Method.GetCustomAttributes<OutputBindingAttribute>())
        {
            outputs._wholeResult = true;
            outputs.Add(where, attribute, result => result, connections, configuration, problems);
        }
        foreach (var property in ResultOf(function.Method.ReturnType).GetProperties())
        {
            foreach (var attribute in property.GetCustomAttributes<OutputBindingAttribute>())
            {
                if (attribute is HttpResultAttribute)
                    outputs._response = property;
                else
                    outputs.Add(
                        $"{where}, property '{property.Name}' of the result",
                        attribute,
                        property.GetValue,
                        connections,
                        configuration,
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
        return _wholeResult || (_queues.Count > 0 && _response is null) ? null : result;
    }

    public async Task SendAsync(object? result, CancellationToken cancellationToken)
    {
        if (result is null)
            return;
        foreach (var (value, queue) in _queues)
        {
            foreach (var message in Messages(value(result)))
                await SendAsync(queue, message, cancellationToken);
        }
    }

    private static async Task SendAsync(QueueClient queue, BinaryData message, CancellationToken cancellationToken)
    {
        try
        {
            await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
        }
        catch (Azure.RequestFailedException e) when (e.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(message, cancellationToken: cancellationToken);
        }
    }

    private IEnumerable<BinaryData> Messages(object? value) =>
        value switch
        {
            null => [],
            string text => [BinaryData.FromString(text)],
            byte[] bytes => [BinaryData.FromBytes(bytes)],
            BinaryData data => [data],
            IEnumerable many => many.Cast<object?>().SelectMany(Messages),
            _ => [_json.Write(value)],
        };

    private void Add(
        string where,
        OutputBindingAttribute attribute,
        Func<object, object?> value,
        StorageConnections connections,
        IConfiguration configuration,
        List<string> problems
    )
    {
        if (attribute is not QueueOutputAttribute output)
        {
            problems.Add(
                $"{where}: the output binding '{attribute.GetType().Name}' is not supported here. Use [QueueOutput], or a client of the service."
            );
            return;
        }
        try
        {
            var name = SettingNames.Resolve(output.QueueName, configuration, where);
            var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
            _queues.Add((value, new QueueClient(connections.Require(output.Connection, where), name, options)));
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            problems.Add(e.Message);
        }
    }

    private static Type ResultOf(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? type.GetGenericArguments()[0]
            : type;
}
