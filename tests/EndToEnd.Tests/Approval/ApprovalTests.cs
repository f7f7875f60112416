using Serverless.Cli.Api;
using Serverless.EndToEnd.Tests.Stack;
using Serverless.Pipeline.Runs;

namespace Serverless.EndToEnd.Tests.Approval;

/// <summary>A person decides before deployment.</summary>
public sealed class ApprovalTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Approve_AWaitingRun_DeploysItsModel()
    {
        var id = await WaitingAsync("approved", "24h");
        var before = await Stack.Api.ModelAsync("approved", Token);

        await Stack.Api.DecideAsync(id, "approve", new DecisionRequest("tester", "looks good"), Token);
        var run = await Stack.SucceedsAsync(id);

        Assert.Null(before.Aliases.Champion);
        Assert.Equal(1, before.Aliases.Candidate);
        Assert.True(run.Deployed);
        Assert.Equal(1, (await Stack.Api.ModelAsync("approved", Token)).Aliases.Champion);
    }

    [Fact]
    public async Task Reject_AWaitingRun_LeavesItsModelUndeployed()
    {
        var id = await WaitingAsync("rejected", "24h");

        await Stack.Api.DecideAsync(id, "reject", new DecisionRequest("tester", "not now"), Token);
        var run = await Stack.SucceedsAsync(id);

        await UndeployedAsync("rejected", run);
    }

    [Fact]
    public async Task Nobody_DecidesInTime_LeavesTheModelUndeployed()
    {
        var id = await WaitingAsync("overdue", "2s");

        var run = await Stack.SucceedsAsync(id);

        await UndeployedAsync("overdue", run);
    }

    [Fact]
    public async Task Cancel_AWaitingRun_LeavesNoCandidateAndNothingToApprove()
    {
        var id = await WaitingAsync("called-off", "24h");

        await Stack.Api.DecideAsync(id, "cancel", new DecisionRequest("tester", null), Token);
        var run = await Stack.EndAsync(id);
        var refused = await Assert.ThrowsAsync<ApiException>(() =>
            Stack.Api.DecideAsync(id, "approve", new DecisionRequest("tester", "too late"), Token)
        );

        Assert.Equal(RunState.Cancelled, run.State);
        Assert.Equal(409, refused.Status);
        await UndeployedAsync("called-off", run);
    }

    private async Task<string> WaitingAsync(string name, string timeout)
    {
        var definition = SmallData.Definition(name, $"gate: {{ approval: true, approvalTimeout: {timeout} }}");
        var id = await Stack.DropAsync(definition, "a.csv", SmallData.Csv(71));
        if (timeout != "2s")
        {
            await Stack.StandsInAsync(id, Stages.Approve);
        }

        return id;
    }

    private async Task UndeployedAsync(string name, RunView run)
    {
        var model = await Stack.Api.ModelAsync(name, Token);
        Assert.False(run.Deployed);
        Assert.Null(model.Aliases.Champion);
        Assert.Null(model.Aliases.Candidate);
        Assert.Single(model.Versions);
    }
}
