namespace Serverless.GpuWorker.Jobs;

/// <summary>The job is to wait for a while, through no fault of its own or of the machine's: it is handed back and rests.</summary>
/// <param name="why">What it waits for.</param>
/// <param name="rest">How long nobody is to see it.</param>
internal sealed class JobPostponedException(string why, TimeSpan rest) : Exception(why)
{
    public TimeSpan Rest => rest;
}
