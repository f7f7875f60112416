namespace Serverless.GpuWorker.Jobs;

/// <summary>The job itself is at fault: it would fail again and is not retried.</summary>
/// <param name="message">What was found, where, what was expected, what to do.</param>
/// <param name="userError">True when the definition or the data are to be changed; false when this program or machine is at fault.</param>
/// <param name="cause">What brought it about.</param>
internal sealed class JobFailedException(string message, bool userError, Exception? cause = null) : Exception(message, cause)
{
    public bool UserError => userError;
}
