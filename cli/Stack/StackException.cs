namespace Serverless.Cli.Stack;

/// <summary>Something the user can act on; the message says what was found, where, what was expected and what to do.</summary>
public sealed class StackException : Exception
{
    public StackException(string message)
        : base(message) { }

    public StackException(string message, Exception innerException)
        : base(message, innerException) { }

    public StackException() { }
}
