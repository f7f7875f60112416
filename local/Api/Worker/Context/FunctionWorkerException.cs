namespace Microsoft.Azure.Functions.Worker;

/// <summary>The worker could not do what was asked of it.</summary>
public class FunctionWorkerException : Exception
{
    public FunctionWorkerException(string? message)
        : base(message) { }

    public FunctionWorkerException(string? message, Exception? innerException)
        : base(message, innerException) { }
}

/// <summary>A value could not be converted to the type of a parameter.</summary>
public class FunctionInputConverterException : FunctionWorkerException
{
    public FunctionInputConverterException(string? message)
        : base(message) { }

    public FunctionInputConverterException(string? message, Exception? innerException)
        : base(message, innerException) { }
}
