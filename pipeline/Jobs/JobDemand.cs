namespace Serverless.Pipeline.Jobs;

/// <summary>How many machines a job takes at once. Said here and nowhere else.</summary>
public static class JobDemand
{
    /// <summary>1 or more.</summary>
    public static int Machines(JobSpec job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return 1;
    }
}
