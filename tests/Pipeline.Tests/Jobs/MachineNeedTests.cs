using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Jobs;

namespace Serverless.Pipeline.Tests.Jobs;

public sealed class MachineNeedTests
{
    [Theory]
    [InlineData(null, true, MachineKind.Spot, true)]
    [InlineData(null, true, MachineKind.OnDemand, true)]
    [InlineData(null, false, MachineKind.Spot, false)]
    [InlineData(null, false, MachineKind.OnDemand, true)]
    [InlineData("Standard_D2as_v5", true, MachineKind.Spot, true)]
    [InlineData("d2as_v5", true, MachineKind.Spot, true)]
    [InlineData("Standard_D8as_v5", true, MachineKind.Spot, false)]
    [InlineData("Standard_D2as_v5", false, MachineKind.Spot, false)]
    // A laptop has neither size nor price.
    [InlineData("Standard_NC4as_T4_v3", false, MachineKind.Local, true)]
    public void Fits_WhatADefinitionAsksFor_IsHeeded(string? sku, bool spot, MachineKind kind, bool fits)
    {
        var need = MachineNeed.Of(new ComputeDefinition { Sku = sku, Spot = spot });
        var machine = new MachineInfo("m", kind, kind == MachineKind.Local ? null : "Standard_D2as_v5", "eastus");

        Assert.Equal(fits, need.Fits(machine));
    }

    [Fact]
    public void Of_NothingSaid_IsAny() => Assert.Equal(MachineNeed.Any, MachineNeed.Of(new ComputeDefinition()));
}
