using Microsoft.Extensions.Logging;

namespace Serverless.Local.Durable;

/// <summary>
/// Looks for orchestrators whose code does not come back: an endless loop, a wait that blocks. The platform ends such a worker and replays the instance in the
/// next one, for ever. Here its thread cannot be taken away, and what it has changed in memory is not in the log: it is said, and keeps its place.
/// </summary>
internal sealed class TurnWatch : IDisposable
{
    private readonly Place[] places;
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ITimer? timer;

    public TurnWatch(DurableOptions options, TimeProvider time, ILogger logger)
    {
        places = [.. Enumerable.Range(0, options.MaxConcurrentOrchestrations).Select(_ => new Place())];
        limit = options.FunctionTimeout ?? Timeout.InfiniteTimeSpan;
        (this.time, this.logger) = (time, logger);
        if (options.FunctionTimeout is { } most)
            timer = time.CreateTimer(static watch => ((TurnWatch)watch!).Look(), this, most, most / 2);
    }

    /// <summary>A turn begins in one of the places for <see cref="DurableOptions.MaxConcurrentOrchestrations"/>.</summary>
    public void Begin(int place, InstanceEntry entry) => places[place].Begin(entry, time.GetTimestamp());

    public void End(int place) => places[place].End();

    /// <summary>Whether a turn has run for so long.</summary>
    public bool HasOneOf(TimeSpan age) => Array.Exists(places, place => place.Turn(time) is { } turn && turn.Age >= age);

    public void Dispose() => timer?.Dispose();

    private void Look()
    {
        foreach (var place in places)
        {
            if (place.Turn(time) is not { } turn || turn.Age < limit || place.IsSaid)
                continue;
            place.IsSaid = true;
            logger.LogError(
                "Timeout value of {Limit} exceeded by orchestrator '{Orchestrator}' of instance {InstanceId}: its code does not come back. It keeps one of {Places} places for "
                    + "orchestrators until the app is started again, where it is replayed and hangs again, as on the platform. An orchestrator must not wait or compute: "
                    + "await only its context's tasks, leave the rest to activities, and look for a loop without an end",
                limit,
                turn.Entry.Name,
                turn.Entry.Id,
                places.Length
            );
        }
    }

    private sealed class Place
    {
        private InstanceEntry? entry;
        private long since;

        public bool IsSaid { get; set; }

        /// <summary>The turn that runs; a later one is never taken for as old as an earlier.</summary>
        public (InstanceEntry Entry, TimeSpan Age)? Turn(TimeProvider time) =>
            Volatile.Read(ref entry) is { } running ? (running, time.GetElapsedTime(Volatile.Read(ref since))) : null;

        public void Begin(InstanceEntry turn, long now)
        {
            IsSaid = false;
            Volatile.Write(ref since, now);
            Volatile.Write(ref entry, turn);
        }

        public void End() => Volatile.Write(ref entry, null);
    }
}
