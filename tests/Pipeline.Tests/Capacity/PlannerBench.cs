using Serverless.Pipeline.Capacity;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Tests.Capacity;

/// <summary>Three offers of one region, pictures of them in a line, and plans as text.</summary>
internal static class PlannerBench
{
    public static readonly DateTimeOffset Now = DateTimeOffset.Parse("2030-01-01T12:00:00Z");
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);
    public static readonly string Region = PriceTable.BuiltIn.ReferenceRegion;
    public static readonly Offer Spot = new(Queues.JobsCpu, "spot", "Standard_D2as_v5", Region, Spot: true, Max: 3);
    public static readonly Offer Next = Spot with { ScaleSet = "next", Max = 2 };
    public static readonly Offer OnDemand = Spot with { ScaleSet = "demand", Spot = false, Max = 2 };

    public static Demand Open(int machines, MachineNeed? need = null, params string[] jobs) =>
        new(Queues.JobsCpu, need ?? MachineNeed.Any, machines, jobs.ToHashSet());

    public static CapacityPlan Plan(int open, double dollars, params OfferPicture[] offers) => Plan([Open(open)], dollars, offers);

    public static CapacityPlan Plan(Demand[] demands, double dollars, params OfferPicture[] offers) =>
        CapacityPlanner.Plan(offers, demands, new OnDemandBudget(dollars, PriceTable.BuiltIn), Grace, Now);

    public static OfferPicture Picture(Offer offer, string uses)
    {
        var prefix = offer == Spot ? "m" : offer.ScaleSet;
        var machines = uses.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(
                (use, number) =>
                    new Machine(
                        $"{prefix}{number}",
                        offer,
                        use == "old" ? MachineUse.Idle : Enum.Parse<MachineUse>(use, ignoreCase: true),
                        use == "old" ? Now - Grace : Now
                    )
            )
            .ToList();
        return new OfferPicture(
            offer,
            new OfferState(),
            new ScaleSetView(machines.Count, "e", [.. machines.Select(machine => machine.Name)]),
            machines
        );
    }

    public static string Text(CapacityPlan plan) =>
        string.Join(
            ", ",
            plan.Actions.Select(action =>
                action switch
                {
                    CapacityAction.Raise raise => $"raise {raise.Offer.ScaleSet} {raise.Capacity}",
                    CapacityAction.Drain drain => $"drain {drain.Machine}",
                    CapacityAction.Keep keep => $"keep {keep.Machine}",
                    CapacityAction.Delete delete => $"delete {delete.Offer.ScaleSet} {string.Join(' ', delete.Machines)}",
                    _ => "?",
                }
            )
        );
}
