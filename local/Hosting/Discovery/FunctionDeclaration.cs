using System.Reflection;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Serverless.Local.Hosting.Discovery;

/// <summary>A method that was found to be a function: its name, and the one parameter that starts it.</summary>
internal sealed record FunctionDeclaration(string Name, MethodInfo Method, ParameterInfo TriggerParameter, TriggerBindingAttribute Trigger)
{
    public string EntryPoint => $"{Method.DeclaringType!.FullName}.{Method.Name}";
}
