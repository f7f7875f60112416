using System.Linq.Expressions;
using System.Reflection;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Triggers.Queues;

/// <summary>A queue message as text, bytes, JSON or itself, and its properties by name.</summary>
internal sealed class QueueParameters(JsonInput json) : ITriggerParameters
{
    public string TriggerTypes =>
        "string, BinaryData, byte[], Azure.Storage.Queues.Models.QueueMessage or a type that JSON can be read into";

    public bool Starts(FunctionDeclaration function) => function.Trigger is QueueTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function)
    {
        var parameter = function.TriggerParameter;
        var type = parameter.ParameterType;
        if (type == typeof(QueueMessage))
            return ParameterSource.Inline(Message);
        if (type == typeof(BinaryData))
            return ParameterSource.Inline(i => Expression.Property(Message(i), nameof(QueueMessage.Body)));
        if (type == typeof(string))
            return Of(message => message.Body.ToString());
        if (type == typeof(byte[]))
            return Of(message => message.Body.ToArray());
        return Of(message => json.Read(message.Body, type, function.Name, parameter.Name!));
    }

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter)
    {
        if (!Properties.TryGetValue(parameter.Name!, out var read))
            return null;
        return parameter.ParameterType.IsAssignableFrom(read.Type) ? Of(read.Value) : null;
    }

    public static TriggerFacts Facts(QueueMessage message) =>
        new(Properties.ToDictionary(p => p.Key, p => p.Value.Value(message), StringComparer.OrdinalIgnoreCase));

    private static readonly Dictionary<string, (Type Type, Func<QueueMessage, object?> Value)> Properties = new(
        StringComparer.OrdinalIgnoreCase
    )
    {
        ["Id"] = (typeof(string), m => m.MessageId),
        ["PopReceipt"] = (typeof(string), m => m.PopReceipt),
        ["DequeueCount"] = (typeof(long), m => m.DequeueCount),
        ["InsertionTime"] = (typeof(DateTimeOffset), m => m.InsertedOn ?? default),
        ["ExpirationTime"] = (typeof(DateTimeOffset), m => m.ExpiresOn ?? default),
        ["NextVisibleTime"] = (typeof(DateTimeOffset), m => m.NextVisibleOn ?? default),
        ["QueueTrigger"] = (typeof(string), m => m.Body.ToString()),
    };

    private static ParameterSource Of(Func<QueueMessage, object?> read) =>
        ParameterSource.Awaited(invocation => new(read((QueueMessage)invocation.Trigger!)));

    private static Expression Message(Expression invocation) =>
        Expression.Convert(Expression.Property(invocation, nameof(Invocation.Trigger)), typeof(QueueMessage));
}
