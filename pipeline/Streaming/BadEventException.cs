namespace Serverless.Pipeline.Streaming;

/// <summary>An event that will never be scored, however often it comes.</summary>
internal sealed class BadEventException(string reason, string detail) : Exception(detail)
{
    public string Reason { get; } = reason;
}
