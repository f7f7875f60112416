using System.Globalization;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Cli.View;

/// <summary>What a job used and cost, in a line or two.</summary>
internal static class CostText
{
    public static IEnumerable<string> Lines(JobCosts costs)
    {
        var machines = string.Join(", ", costs.Machines.Select(Machine));
        var cost = costs.Machines.All(machine => machine.Kind == MachineKind.Local) ? "" : $": {Money(costs.Cost)} at list prices";
        var saved = costs.SavedBySpot > 0 ? $", {Money(costs.SavedBySpot)} less than on demand" : "";
        yield return $"Machine time: {machines}{cost}{saved}.";
        if (costs.Interruptions > 0)
        {
            var money = costs.LostCost > 0 ? $" ({Money(costs.LostCost)})" : "";
            var times = costs.Interruptions == 1 ? "once" : $"{costs.Interruptions} times";
            yield return $"Interrupted {times}; {RunText.Elapsed(TimeSpan.FromSeconds(costs.LostSeconds))}{money} had to be done again.";
        }
    }

    private static string Machine(MachineTime machine) =>
        $"{RunText.Elapsed(TimeSpan.FromSeconds(machine.Seconds))} "
        + machine.Kind switch
        {
            MachineKind.Local => "of this machine",
            MachineKind.Spot => $"of {machine.Size} as Spot in {machine.Region}",
            _ => $"of {machine.Size} in {machine.Region}",
        };

    private static string Money(decimal? dollars) =>
        dollars is { } known ? "$" + known.ToString(known < 1 ? "0.0000" : "N2", CultureInfo.InvariantCulture) : "cost not known";
}
