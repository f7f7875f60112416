namespace Serverless.GpuWorker.Jobs;

/// <summary>Something outside of the job is at fault, for now: it is tried again, and counts like a crash.</summary>
/// <param name="message">What was found, where, what was expected, what to do.</param>
internal sealed class JobRetryException(string message) : Exception(message);
