namespace Microsoft.Azure.Functions.Worker;

/// <summary>What the function returned; middleware may look at it and replace it.</summary>
public abstract class InvocationResult<T>
{
    public abstract T? Value { get; set; }
}

/// <summary>What the function returned, whatever its type.</summary>
public abstract class InvocationResult : InvocationResult<object>;
