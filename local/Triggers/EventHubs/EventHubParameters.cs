using System.Reflection;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Triggers.EventHubs;

/// <summary>Events as text, bytes, JSON or themselves: an array of them, or with <c>IsBatched = false</c> one.</summary>
internal sealed class EventHubParameters(JsonInput json) : ITriggerParameters
{
    public string TriggerTypes =>
        "an array of string, BinaryData, byte[], Azure.Messaging.EventHubs.EventData or a type that JSON can be read into; with IsBatched = false one of them";

    public bool Starts(FunctionDeclaration function) => function.Trigger is EventHubTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function)
    {
        var parameter = function.TriggerParameter;
        var type = parameter.ParameterType;
        if (!((EventHubTriggerAttribute)function.Trigger).IsBatched)
            return type.IsArray && type != typeof(byte[])
                ? null
                : ParameterSource.Awaited(invocation => new(Value(Input(invocation).Events[0], type, function.Name, parameter.Name!)));
        if (!type.IsArray || type == typeof(byte[]))
            return null;
        var element = type.GetElementType()!;
        return ParameterSource.Awaited(invocation => new(All(Input(invocation).Events, element, function.Name, parameter.Name!)));
    }

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter)
    {
        var batched = ((EventHubTriggerAttribute)function.Trigger).IsBatched;
        var known = batched ? Arrays : Singles;
        return known.TryGetValue(parameter.Name!, out var read) && parameter.ParameterType.IsAssignableFrom(read.Type)
            ? ParameterSource.Awaited(invocation => new(read.Value(Input(invocation).Events)))
            : null;
    }

    private static readonly Dictionary<string, (Type Type, Func<IReadOnlyList<EventData>, object?> Value)> Arrays = new(
        StringComparer.OrdinalIgnoreCase
    )
    {
        ["PartitionKeyArray"] = (typeof(string[]), events => events.Select(e => e.PartitionKey).ToArray()),
        ["OffsetArray"] = (typeof(string[]), events => events.Select(e => e.OffsetString).ToArray()),
        ["SequenceNumberArray"] = (typeof(long[]), events => events.Select(e => e.SequenceNumber).ToArray()),
        ["EnqueuedTimeUtcArray"] = (typeof(DateTime[]), events => events.Select(e => e.EnqueuedTime.UtcDateTime).ToArray()),
    };

    private static readonly Dictionary<string, (Type Type, Func<IReadOnlyList<EventData>, object?> Value)> Singles = new(
        StringComparer.OrdinalIgnoreCase
    )
    {
        ["PartitionKey"] = (typeof(string), events => events[0].PartitionKey),
        ["Offset"] = (typeof(string), events => events[0].OffsetString),
        ["SequenceNumber"] = (typeof(long), events => events[0].SequenceNumber),
        ["EnqueuedTimeUtc"] = (typeof(DateTime), events => events[0].EnqueuedTime.UtcDateTime),
    };

    private static EventHubInput Input(Invocation invocation) => (EventHubInput)invocation.Trigger!;

    private Array All(IReadOnlyList<EventData> events, Type element, string function, string parameter)
    {
        if (element == typeof(EventData))
            return events.ToArray();
        var values = Array.CreateInstance(element, events.Count);
        for (var i = 0; i < events.Count; i++)
            values.SetValue(Value(events[i], element, function, parameter), i);
        return values;
    }

    private object? Value(EventData one, Type type, string function, string parameter)
    {
        if (type == typeof(EventData))
            return one;
        if (type == typeof(string))
            return one.EventBody.ToString();
        if (type == typeof(BinaryData))
            return one.EventBody;
        if (type == typeof(byte[]))
            return one.EventBody.ToArray();
        return json.Read(one.EventBody, type, function, parameter);
    }
}
