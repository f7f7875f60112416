using Azure.Core;
using Azure.Core.Pipeline;

namespace Serverless.Functions.Capacity;

/// <summary>Faults are tried again at once; when Azure asks for a pause, the next look comes after it: nobody waits with the lease in hand.</summary>
internal sealed class ArmRetries() : RetryPolicy(2, DelayStrategy.CreateFixedDelayStrategy(TimeSpan.FromSeconds(0.5)))
{
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        !AsksForAPause(message) && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        AsksForAPause(message) ? ValueTask.FromResult(false) : base.ShouldRetryAsync(message, exception);

    private static bool AsksForAPause(HttpMessage message) =>
        message.HasResponse && (message.Response.Status == 429 || message.Response.Headers.Contains("Retry-After"));
}

/// <summary>Adds <c>If-Match</c>, which the SDK's methods have no parameter for, to the requests of one call.</summary>
internal sealed class IfMatch : HttpPipelineSynchronousPolicy
{
    private const string Header = "If-Match";

    /// <summary>For the calls until it is disposed; null adds nothing.</summary>
    public static IDisposable? Scope(string? etag) =>
        etag is null ? null : HttpPipeline.CreateHttpMessagePropertiesScope(new Dictionary<string, object?> { [Header] = etag });

    public override void OnSendingRequest(HttpMessage message)
    {
        if (message.TryGetProperty(Header, out var etag) && etag is string value)
        {
            message.Request.Headers.SetValue(Header, value);
        }
    }
}
