using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Gangs;

/// <summary>The machine time of the others over all generations of a claim.</summary>
internal sealed class MemberUses(Action<IReadOnlyList<MemberUse>> tell)
{
    private readonly Dictionary<(int Generation, int Rank), MemberUse> uses = [];

    /// <param name="generation">Of the seat.</param>
    /// <param name="rank">Of the seat.</param>
    /// <param name="seat">As it is now.</param>
    /// <param name="silent">It is no longer heard of: its machine went without a word.</param>
    public void See(int generation, int rank, Seat seat, bool silent)
    {
        uses[(generation, rank)] = new MemberUse(generation, rank, seat.Machine, seat.StartedAt, seat.SeenAt)
        {
            Evicted = seat.Evicted || silent,
        };
        tell([.. uses.OrderBy(use => use.Key).Select(use => use.Value)]);
    }
}
