namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>The root of all attributes that bind a parameter, a return value or a property.</summary>
public abstract class BindingAttribute : Attribute;

/// <summary>Binds a parameter to something that is read.</summary>
public abstract class InputBindingAttribute : BindingAttribute;

/// <summary>Binds a return value or a property to something that is written.</summary>
public abstract class OutputBindingAttribute : BindingAttribute;

/// <summary>What else a binding can do; see <see cref="KnownBindingCapabilities"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BindingCapabilitiesAttribute(params string[] capabilities) : Attribute
{
    internal string[] Capabilities { get; } = capabilities;
}

/// <summary>Names of capabilities.</summary>
public static class KnownBindingCapabilities
{
    /// <summary>Functions of this trigger may carry a retry attribute.</summary>
    public const string FunctionLevelRetry = "FunctionLevelRetry";
}

/// <summary>Binds the parameter that starts the function.</summary>
public abstract class TriggerBindingAttribute : BindingAttribute;
