namespace Serverless.Cli.Api;

/// <summary>The app refused; the message is its own, which says what to do.</summary>
internal sealed class ApiException(int status, string message) : Exception(message)
{
    public int Status { get; } = status;
}
