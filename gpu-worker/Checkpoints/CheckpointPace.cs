namespace Serverless.GpuWorker.Checkpoints;

/// <summary>
/// When the next checkpoint is due. A machine goes at any moment of the interval alike, so on average half of it is lost, and what lies between
/// taking a state and having it stored; saving costs the time that training stands still. The interval is the longest that cost asks for,
/// twice over for safety, and never longer than the loss allows: where both cannot be had, the loss is bounded and the cost is reported.
/// </summary>
internal sealed class CheckpointPace(CheckpointOptions options, TimeProvider time)
{
    private readonly long startedAt = time.GetTimestamp();
    private long savedAt = time.GetTimestamp();
    private long askedAt = time.GetTimestamp();
    private TimeSpan step;
    private TimeSpan cost;
    private TimeSpan storing;

    public int Saves { get; private set; }

    /// <summary>All time that training stood still.</summary>
    public TimeSpan Spent { get; private set; }

    /// <summary>Share of the time so far.</summary>
    public double Share => time.GetElapsedTime(startedAt) is { Ticks: > 0 } all ? Spent / all : 0;

    /// <summary>From one checkpoint to the next, with what is known of their cost.</summary>
    public TimeSpan Interval
    {
        get
        {
            if (Saves == 0)
            {
                return options.First;
            }

            var wanted = cost / (options.CostShare / 2);
            // Asked only after a round: the interval ends up to a round later.
            var allowed = 2 * (options.ExpectedLoss - cost - storing) - step;
            var interval = wanted < allowed ? wanted : allowed;
            return interval > options.Shortest ? interval : options.Shortest;
        }
    }

    /// <summary>Work that would be lost on average if the machine went without notice, with this interval.</summary>
    public TimeSpan ExpectedLoss => (Interval + step) / 2 + cost + storing;

    /// <summary>To be asked after every round.</summary>
    public bool IsDue()
    {
        var now = time.GetTimestamp();
        var since = time.GetElapsedTime(askedAt, now);
        // The longest round of late: it decays, so that one hiccup does not shorten the interval for ever.
        step = since > step ? since : step * 0.9 + since * 0.1;
        askedAt = now;
        return time.GetElapsedTime(savedAt, now) >= Interval;
    }

    /// <param name="stood">How long training stood still for it.</param>
    public void Saved(TimeSpan stood)
    {
        cost = Saves == 0 || stood > cost ? stood : (cost + stood) / 2;
        Spent += stood;
        Saves++;
        savedAt = askedAt = time.GetTimestamp();
    }

    /// <param name="took">From the state being taken to its checkpoint counting.</param>
    public void Stored(TimeSpan took) => storing = took > storing ? took : (storing + took) / 2;
}
