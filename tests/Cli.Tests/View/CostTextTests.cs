using Serverless.Cli.View;
using Serverless.Pipeline.Costs;
using Serverless.Pipeline.Jobs;

namespace Serverless.Cli.Tests.View;

public sealed class CostTextTests
{
    [Fact]
    public void Lines_SpotWithEvictions_SaysWhatItSavedAndCost()
    {
        var costs = new JobCosts
        {
            Machines = [new MachineTime(MachineKind.Spot, "Standard_D2as_v5", "eastus", 3725, 0.0098m)],
            Cost = 0.0098m,
            SavedBySpot = 0.079m,
            Interruptions = 2,
            LostSeconds = 42,
            LostCost = 0.0001m,
        };

        Assert.Equal(
            [
                "Machine time: 62 min 5 s of Standard_D2as_v5 as Spot in eastus: $0.0098 at list prices, $0.0790 less than on demand.",
                "Interrupted 2 times; 42.0 s ($0.0001) had to be done again.",
            ],
            CostText.Lines(costs)
        );
    }

    [Fact]
    public void Lines_OwnMachine_SpeaksOfNoMoney()
    {
        var costs = new JobCosts
        {
            Machines = [new MachineTime(MachineKind.Local, null, null, 4.2, 0)],
            Cost = 0,
            SavedBySpot = 0,
            Interruptions = 0,
            LostSeconds = 0,
            LostCost = 0,
        };

        Assert.Equal(["Machine time: 4.2 s of this machine."], CostText.Lines(costs));
    }
}
