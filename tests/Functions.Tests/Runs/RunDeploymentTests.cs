using Serverless.Functions.Runs;
using Serverless.Functions.Runs.Activities;
using Serverless.Pipeline.Runs;

namespace Serverless.Functions.Tests.Runs;

/// <summary>Whether a run deploys its model: the gate, people and the champion decide.</summary>
public sealed class RunDeploymentTests : RunTest
{
    [Fact]
    public async Task RunAsync_GateNotPassed_RegistersAndDeploysNothing()
    {
        var run = Start();
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: false));

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.Equal((7, false), (outcome.ModelVersion, outcome.Deployed));
        Assert.Equal("RegisterModel", run.Calls[^1]);
        Assert.Equal("Not passed: auc 0.7 is below 0.9.", run.Statuses[^1].Verdict);
        Assert.Equal([StageState.Skipped, StageState.Skipped], run.Statuses[^1].Stages.TakeLast(2).Select(stage => stage.State));
    }

    [Fact]
    public async Task RunAsync_Approved_Deploys()
    {
        var run = Start(Input with { Approval = true });
        run.Raise("approval", new ApprovalDecision(true, "Ada", null));

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal(["RegisterModel", "MarkCandidate", "DeployModel"], run.Calls.TakeLast(3));
        Assert.Equal("approved by Ada", run.Statuses[^1].Stages.Single(stage => stage.Name == Stages.Approve).Note);
    }

    [Fact]
    public async Task RunAsync_Rejected_EndsWellAndUndeployed()
    {
        var run = Start(Input with { Approval = true });
        run.Raise("approval", new ApprovalDecision(false, "Ada", "wait for Monday"));

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Equal("Not deployed: v7 was rejected by Ada: wait for Monday.", outcome.Verdict);
        Assert.Equal(["MarkCandidate", "MarkCandidate"], run.Calls.TakeLast(2));
    }

    [Fact]
    public async Task RunAsync_NobodyApproves_EndsUndeployedAfterTheTimeOut()
    {
        var run = Start(Input with { Approval = true });
        // The job's event comes, the approval does not.
        run.Waiting = name => run.TimersFire = name == ApprovalDecision.EventName;
        run.TimersFire = false;

        // The base class makes the timer first, so timers fire from the registration on.
        run.On<Registration>("RegisterModel", _ => Fire(run, 7));
        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Contains("nobody approved v7", outcome.Verdict, StringComparison.Ordinal);
        Assert.DoesNotContain("DeployModel", run.Calls);
    }

    [Fact]
    public async Task RunAsync_ChampionChangedInBetween_IsJudgedAgainstTheNewOne()
    {
        var run = Start();
        var champion = 3;
        var orders = new List<Deployment>();
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(true) with { ChampionVersion = champion });
        run.On<Deployment>(
            "DeployModel",
            order =>
            {
                orders.Add(order);
                champion = 4;
                return orders.Count == 2;
            }
        );

        Assert.True((await RunOrchestrator.RunAsync(run)).Deployed);
        Assert.Equal([3, 4], orders.Select(order => order.JudgedAgainst));
    }

    [Fact]
    public async Task RunAsync_NewChampionIsBetter_StaysUndeployed()
    {
        var run = Start();
        var judgements = 0;
        run.On<EvaluationRequest>("EvaluateModel", _ => Judged(passed: ++judgements == 1));
        run.On<Deployment>("DeployModel", _ => false);

        var outcome = await RunOrchestrator.RunAsync(run);

        Assert.False(outcome.Deployed);
        Assert.Equal(2, judgements);
        Assert.Equal("MarkCandidate", run.Calls[^1]);
    }

    [Fact]
    public async Task RunAsync_AlwaysOvertaken_FailsWithTheWayByHandAndNoCandidate()
    {
        var run = Start();
        run.On<Deployment>("DeployModel", _ => false);

        var error = await Assert.ThrowsAsync<RunFailedException>(() => RunOrchestrator.RunAsync(run));

        Assert.Contains("PUT /api/models/machine-failure/champion", error.Message, StringComparison.Ordinal);
        Assert.Equal(RunOrchestrator.MaxJudgements, run.Calls.Count(call => call == "DeployModel"));
        Assert.Equal(["MarkCandidate", "FindLosses"], run.Calls.TakeLast(2));
    }

    private static int Fire(FakeOrchestration<RunStatus> run, int version)
    {
        run.TimersFire = true;
        return version;
    }
}
