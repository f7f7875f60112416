using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Jobs;

/// <summary>The job is to wait for a while, through no fault of its own or of the machine's: it is handed back and rests.</summary>
/// <param name="why">What it waits for.</param>
/// <param name="rest">How long nobody is to see it.</param>
/// <param name="tried">Set where it is to go on in another region.</param>
internal sealed class JobPostponedException(string why, TimeSpan rest, RegionTry? tried = null) : Exception(why)
{
    public TimeSpan Rest => rest;

    public RegionTry? Tried => tried;
}
