namespace Microsoft.Azure.Functions.Worker;

/// <summary>What the trigger said about this invocation, by name.</summary>
public abstract class BindingContext
{
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}

public enum BindingDirection
{
    In,
    Out,
}

/// <summary>One binding of a function, as it was declared.</summary>
public abstract class BindingMetadata
{
    public abstract string Name { get; }

    public abstract string Type { get; }

    public abstract BindingDirection Direction { get; }
}
