namespace Serverless.GpuWorker.Gangs;

/// <summary>How long another's count has stood still, by this machine's clock alone: no two clocks are compared.</summary>
internal sealed class BeatWatch(TimeProvider time)
{
    private long beat = long.MinValue;
    private long changedAt = time.GetTimestamp();

    public TimeSpan Silence => time.GetElapsedTime(changedAt);

    public void See(long now)
    {
        if (now != beat)
        {
            (beat, changedAt) = (now, time.GetTimestamp());
        }
    }
}
