using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Hosting.Durable;

/// <summary>An orchestrator's context, and its input as a further parameter of any name.</summary>
internal sealed class OrchestratorParameters : ITriggerParameters
{
    public string TriggerTypes => "Microsoft.DurableTask.TaskOrchestrationContext";

    public bool Starts(FunctionDeclaration function) => function.Trigger is OrchestrationTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function) =>
        function.TriggerParameter.ParameterType == typeof(TaskOrchestrationContext) ? ParameterSource.Inline(Context) : null;

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter) =>
        ParameterSource.Call(typeof(OrchestratorParameters), nameof(Input), parameter.ParameterType);

    public static T? Input<T>(Invocation invocation) => ((TaskOrchestrationContext)invocation.Trigger!).GetInput<T>();

    private static Expression Context(Expression invocation) =>
        Expression.Convert(Expression.Property(invocation, nameof(Invocation.Trigger)), typeof(TaskOrchestrationContext));
}

/// <summary>An activity's input, and <c>instanceId</c>.</summary>
internal sealed class ActivityParameters : ITriggerParameters
{
    public string TriggerTypes => "any type that JSON can be read into";

    public bool Starts(FunctionDeclaration function) => function.Trigger is ActivityTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function) =>
        ParameterSource.Call(typeof(ActivityParameters), nameof(Input), function.TriggerParameter.ParameterType);

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter) =>
        parameter.ParameterType == typeof(string) && string.Equals(parameter.Name, "instanceId", StringComparison.OrdinalIgnoreCase)
            ? ParameterSource.Call(typeof(ActivityParameters), nameof(InstanceId), typeof(string))
            : null;

    public static T? Input<T>(Invocation invocation)
    {
        var input = (ActivityInput)invocation.Trigger!;
        try
        {
            return input.Serialized is null ? default : input.Converter.Deserialize<T>(input.Serialized);
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new FunctionInputConverterException(
                $"Activity '{invocation.Function.Name}': its input is not the JSON of a {typeof(T).Name}. {e.Message}",
                e
            );
        }
    }

    public static string InstanceId<T>(Invocation invocation) => ((ActivityInput)invocation.Trigger!).InstanceId;
}
