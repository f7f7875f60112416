using Azure.Core;
using Azure.Core.Pipeline;

namespace Serverless.Local.Triggers.Drops;

/// <summary>
/// Tries again what storage refused (500, 503), but not what it did not answer: then it may have been killed and have gone back, and the
/// caller has to look at the whole again.
/// </summary>
internal sealed class AnsweredRetries : RetryPolicy
{
    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        exception is null && base.ShouldRetry(message, exception);

    protected override ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        exception is null ? base.ShouldRetryAsync(message, exception) : ValueTask.FromResult(false);
}
