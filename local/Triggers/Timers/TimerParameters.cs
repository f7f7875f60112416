using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Serverless.Local.Hosting;
using Serverless.Local.Hosting.Binding;
using Serverless.Local.Hosting.Discovery;

namespace Serverless.Local.Triggers.Timers;

/// <summary>The schedule's state.</summary>
internal sealed class TimerParameters : ITriggerParameters
{
    public string TriggerTypes => "Microsoft.Azure.Functions.Worker.TimerInfo";

    public bool Starts(FunctionDeclaration function) => function.Trigger is TimerTriggerAttribute;

    public ParameterSource? Trigger(FunctionDeclaration function) =>
        function.TriggerParameter.ParameterType == typeof(TimerInfo)
            ? ParameterSource.Inline(i => Expression.Convert(Expression.Property(i, nameof(Invocation.Trigger)), typeof(TimerInfo)))
            : null;

    public ParameterSource? Named(FunctionDeclaration function, ParameterInfo parameter) => null;
}
