namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>The root of all attributes that bind a parameter, a return value or a property.</summary>
public abstract class BindingAttribute : Attribute;

/// <summary>Binds a parameter to something that is read.</summary>
public abstract class InputBindingAttribute : BindingAttribute;

/// <summary>Binds a return value or a property to something that is written.</summary>
public abstract class OutputBindingAttribute : BindingAttribute;

/// <summary>Binds the parameter that starts the function.</summary>
public abstract class TriggerBindingAttribute : BindingAttribute;
