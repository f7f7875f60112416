using Azure.Core;
using Azure.ResourceManager;
using Azure.ResourceManager.Compute;
using Serverless.Functions.Capacity;
using Serverless.Pipeline.Capacity;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>What the SDK sends and what its answers come to, over a stand-in on loopback.</summary>
public sealed class ArmScaleSetsTests : IAsyncLifetime
{
    private const string Quota =
        "Operation could not be completed as it results in exceeding approved LowPriorityCores quota. Additional details - Current Limit: 4";

    private ArmStandIn arm = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => arm = await ArmStandIn.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await arm.DisposeAsync();
        // Every body of every test, compared with ARM's schema.
        Assert.Empty(arm.Violations);
    }

    [Fact]
    public async Task RaiseAsync_AsRead_PatchesTheNumberAlone()
    {
        var offer = arm.Add("vmss-a");
        var client = arm.Client();
        var seen = await client.ReadAsync(offer, Cancelled);

        var operation = await client.RaiseAsync(offer, 2, seen.ETag, Cancelled);

        var patch = Assert.Single(arm.Requests, request => request.Method == "PATCH");
        Assert.Equal($"{ArmStandIn.Group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-a", patch.Path);
        Assert.Equal(("2024-11-01", "\"0\""), (patch.ApiVersion, patch.IfMatch));
        Assert.Equal("""{"sku":{"capacity":2},"properties":{}}""", patch.Body!.ToJsonString());
        Assert.Equal(new OperationView(true, null), await client.LookAsync(operation!, Cancelled));
        var after = await client.ReadAsync(offer, Cancelled);
        Assert.Equal((2, "\"1\"", 2), (after.Capacity, after.ETag, after.Machines.Count));
    }

    [Fact]
    public async Task RaiseAsync_ChangedMeanwhile_IsAConflictAndChangesNothing()
    {
        var offer = arm.Add("vmss-a");
        var client = arm.Client();
        var stale = await client.ReadAsync(offer, Cancelled);
        await client.RaiseAsync(offer, 3, stale.ETag, Cancelled);

        var refused = await Assert.ThrowsAsync<CapacityRefusedException>(() => client.RaiseAsync(offer, 1, stale.ETag, Cancelled));

        Assert.Equal((RefusalKind.Conflict, "PreconditionFailed"), (refused.Refusal.Kind, refused.Refusal.Code));
        Assert.Equal(3, arm.Of("vmss-a").Capacity);
        Assert.Empty(arm.Violations);
    }

    [Fact]
    public async Task DeleteAsync_Names_DeletesThoseAndNoOther()
    {
        var offer = arm.Add("vmss-a");
        var client = arm.Client();
        await client.RaiseAsync(offer, 3, null, Cancelled);
        var machines = arm.Of("vmss-a").Machines;

        var operation = await client.DeleteAsync(offer, [machines[1]], Cancelled);

        var post = Assert.Single(arm.Requests, request => request.Method == "POST");
        Assert.EndsWith("/virtualMachineScaleSets/vmss-a/delete", post.Path, StringComparison.Ordinal);
        Assert.Equal($$"""{"instanceIds":["{{machines[1]}}"]}""", post.Body!.ToJsonString());
        Assert.True((await client.LookAsync(operation!, Cancelled)).Ended);
        Assert.Equal((2, [machines[0], machines[2]]), arm.Of("vmss-a"), new SameMachines());
    }

    [Fact]
    public async Task LookAsync_UnderWay_IsNotEnded()
    {
        arm.Operations.Slow = true;
        var offer = arm.Add("vmss-a");
        var client = arm.Client();

        var operation = await client.RaiseAsync(offer, 1, null, Cancelled);

        Assert.False((await client.LookAsync(operation!, Cancelled)).Ended);
        arm.Operations.Finish();
        Assert.True((await client.LookAsync(operation!, Cancelled)).Ended);
    }

    [Theory]
    [InlineData("AllocationFailed", null, RefusalKind.NoCapacity, "AllocationFailed")]
    [InlineData(
        "VMScaleSetOperationFailed",
        "OverconstrainedAllocationRequest",
        RefusalKind.NoCapacity,
        "OverconstrainedAllocationRequest"
    )]
    [InlineData("ResourceOperationFailure", "OperationNotAllowed", RefusalKind.Quota, "OperationNotAllowed")]
    public async Task LookAsync_FailedLater_SaysWhy(string code, string? inner, RefusalKind kind, string reason)
    {
        var offer = arm.Add("vmss-a");
        var client = arm.Client();
        arm.Refuse("operation vmss-a", new ArmError(200, code, Quota, InnerCode: inner));

        var operation = await client.RaiseAsync(offer, 1, null, Cancelled);
        var view = await client.LookAsync(operation!, Cancelled);

        Assert.Equal((true, kind, reason), (view.Ended, view.Refusal!.Kind, view.Refusal.Code));
    }

    [Theory]
    [InlineData(409, "OperationNotAllowed", RefusalKind.Quota, 30)]
    [InlineData(409, "SkuNotAvailable", RefusalKind.NoCapacity, 10)]
    [InlineData(409, "Conflict", RefusalKind.Conflict, 0)]
    [InlineData(403, "AuthorizationFailed", RefusalKind.Denied, 10)]
    [InlineData(400, "BadRequest", RefusalKind.Failed, 10)]
    public async Task RaiseAsync_RefusedAtOnce_SaysWhyAndHowLongToRest(int status, string code, RefusalKind kind, int minutes)
    {
        var offer = arm.Add("vmss-a");
        arm.Refuse("PATCH vmss-a", new ArmError(status, code, Quota));

        var refused = await Assert.ThrowsAsync<CapacityRefusedException>(() => arm.Client().RaiseAsync(offer, 1, null, Cancelled));

        Assert.Equal((kind, code, TimeSpan.FromMinutes(minutes)), (refused.Refusal.Kind, refused.Refusal.Code, refused.Refusal.Rest));
        Assert.Single(arm.Requests);
    }

    [Fact]
    public async Task RaiseAsync_Throttled_RestsAsLongAsAzureAsksAndDoesNotWait()
    {
        var offer = arm.Add("vmss-a");
        arm.Refuse("PATCH vmss-a", new ArmError(429, "TooManyRequests", "Too many.", RetryAfter: 137));

        var refused = await Assert.ThrowsAsync<CapacityRefusedException>(() => arm.Client().RaiseAsync(offer, 1, null, Cancelled));

        Assert.Equal((RefusalKind.Throttled, TimeSpan.FromSeconds(137)), (refused.Refusal.Kind, refused.Refusal.Rest));
        Assert.Single(arm.Requests);
    }

    [Fact]
    public async Task ReadAsync_FaultOfAGateway_IsTriedAgain()
    {
        var offer = arm.Add("vmss-a");
        arm.Refuse("GET vmss-a", new ArmError(502, "BadGateway", "For a moment."));

        Assert.Equal(0, (await arm.Client().ReadAsync(offer, Cancelled)).Capacity);
        Assert.Equal(3, arm.Requests.Count);
    }

    [Fact]
    public async Task ReadAsync_NoSuchSet_SaysThatTheDeploymentIsWrong()
    {
        var offer = new Offer(
            "jobs-cpu",
            $"{ArmStandIn.Group}/providers/Microsoft.Compute/virtualMachineScaleSets/none",
            "S",
            "r",
            true,
            1
        );

        var refused = await Assert.ThrowsAsync<CapacityRefusedException>(() => arm.Client().ReadAsync(offer, Cancelled));

        Assert.Equal((RefusalKind.Denied, "ResourceNotFound"), (refused.Refusal.Kind, refused.Refusal.Code));
    }

    [Fact]
    public async Task LookAsync_AnotherHost_SendsItNoToken()
    {
        var view = await arm.Client().LookAsync(new Uri("https://example.com/operations/1"), Cancelled);

        Assert.Equal("ForeignOperation", view.Refusal!.Code);
        Assert.Empty(arm.Requests);
    }

    [Fact]
    public async Task SimulateEviction_OfASingleMachine_TakesItFromItsSet()
    {
        var offer = arm.Add("vmss-a");
        var client = arm.Client();
        await client.RaiseAsync(offer, 2, null, Cancelled);
        var machines = arm.Of("vmss-a").Machines;

        await new ArmClient(new NoToken(), null, arm.Options())
            .GetVirtualMachineResource(
                new ResourceIdentifier($"{ArmStandIn.Group}/providers/Microsoft.Compute/virtualMachines/{machines[0]}")
            )
            .SimulateEvictionAsync(Cancelled);

        Assert.Equal([machines[1]], (await client.ReadAsync(offer, Cancelled)).Machines);
    }

    private sealed class SameMachines : IEqualityComparer<(int Capacity, string[] Machines)>
    {
        public bool Equals((int Capacity, string[] Machines) x, (int Capacity, string[] Machines) y) =>
            x.Capacity == y.Capacity && x.Machines.SequenceEqual(y.Machines);

        public int GetHashCode((int Capacity, string[] Machines) obj) => obj.Capacity;
    }
}
