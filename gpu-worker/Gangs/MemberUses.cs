using Serverless.Pipeline.Jobs;

namespace Serverless.GpuWorker.Gangs;

/// <summary>The machine time of the others over all generations of a claim.</summary>
internal sealed class MemberUses(Action<IReadOnlyList<MemberUse>> tell)
{
    private readonly Dictionary<(int Generation, int Rank), MemberUse> uses = [];

    public void See(int generation, int rank, Seat seat)
    {
        uses[(generation, rank)] = new MemberUse(generation, rank, seat.Machine, seat.StartedAt, seat.SeenAt);
        tell([.. uses.OrderBy(use => use.Key).Select(use => use.Value)]);
    }
}
