using System.Net;

namespace Serverless.Local.Tests.Hosting;

/// <summary>What the management API does to instances: it stops, mends, starts anew and purges them.</summary>
public sealed class InstanceSteeringTests : ManagementTest
{
    [Fact]
    public async Task SuspendResumeRaiseEvent_SteerARunningInstance()
    {
        await StartAsync("Wait", "steered");
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Post, "instances/steered/suspend?reason=pause")).Status);
        await ReachesAsync("steered", "Suspended");
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Post, "instances/steered/raiseEvent/go", "\"now\"")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Post, "instances/steered/resume?reason=on")).Status);
        var end = await EndAsync(Url("instances/steered"));
        Assert.Equal("now", end.GetProperty("output").GetString());
        foreach (var operation in new[] { "suspend", "resume", "terminate", "raiseEvent/go" })
        {
            Assert.Equal(HttpStatusCode.Gone, (await SendAsync(HttpMethod.Post, $"instances/steered/{operation}", "1")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Post, $"instances/unknown/{operation}", "1")).Status);
        }
    }

    [Fact]
    public async Task RaiseEvent_WithoutJson_Is400AndTheInstanceStillWaits()
    {
        await StartAsync("Wait", "strict");
        using var text = await App.Client.PostAsync(Url("instances/strict/raiseEvent/go"), new StringContent("now"), Stop);
        Assert.Equal(HttpStatusCode.BadRequest, text.StatusCode);
        Assert.Contains("Only application/json", await text.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        var (status, error) = await SendAsync(HttpMethod.Post, "instances/strict/raiseEvent/go", "{");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("Invalid JSON content", error.GetProperty("Message").GetString());
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Get, "instances/strict")).Status);
    }

    [Fact]
    public async Task Terminate_RunningInstance_EndsWithTheReason()
    {
        await StartAsync("Wait", "ended");
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Post, "instances/ended/terminate?reason=buggy")).Status);
        var end = await EndAsync(Url("instances/ended"));
        Assert.Equal("Terminated", end.GetProperty("runtimeStatus").GetString());
        Assert.Equal("buggy", end.GetProperty("output").GetString());
    }

    [Fact]
    public async Task Rewind_FailedInstance_RunsOn()
    {
        await StartAndEndAsync("Fail", "again");
        ManagedFunctions.Mend("again");
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(HttpMethod.Post, "instances/again/rewind?reason=fixed")).Status);
        await ReachesAsync("again", "Completed");
        var (status, why) = await SendAsync(HttpMethod.Post, "instances/again/rewind?reason=fixed");
        Assert.Equal(HttpStatusCode.PreconditionFailed, status);
        Assert.Contains("has status Completed", why.GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Post, "instances/unknown/rewind")).Status);
    }

    [Fact]
    public async Task Restart_FinishedAndRunning_NewInstanceOrConflict()
    {
        await StartAndEndAsync("Greet", "first", "\"Eve\"");
        var (status, links) = await SendAsync(HttpMethod.Post, "instances/first/restart");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.NotEqual("first", links.GetProperty("id").GetString());
        var end = await EndAsync(links.GetProperty("statusQueryGetUri").GetString()!);
        Assert.Equal("Hello Eve!", end.GetProperty("output")[0].GetString());
        (_, links) = await SendAsync(HttpMethod.Post, "instances/first/restart?restartWithNewInstanceId=false");
        Assert.Equal("first", links.GetProperty("id").GetString());

        await StartAsync("Wait", "busy");
        var (conflict, _) = await SendAsync(HttpMethod.Post, "instances/busy/restart?restartWithNewInstanceId=false");
        Assert.Equal(HttpStatusCode.Conflict, conflict);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "instances/unknown/restart")).Status);
    }

    [Fact]
    public async Task Purge_OneAndByFilter_RemovesFinishedInstancesOnly()
    {
        await StartAndEndAsync("Greet", "old", "\"x\"");
        await StartAsync("Wait", "lives");
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync(HttpMethod.Delete, "instances/lives")).Status);
        var (status, purged) = await SendAsync(HttpMethod.Delete, "instances/old");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"instancesDeleted":1}""", purged.GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, "instances/old")).Status);

        await StartAndEndAsync("Part", "a", "\"x\"");
        await StartAndEndAsync("Part", "b", "\"x\"");
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Delete, "instances")).Status);
        var none = "instances?createdTimeFrom=2000-01-01T00:00:00Z&runtimeStatus=Failed";
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Delete, none)).Status);
        // The child of "old" is finished too.
        var (_, all) = await SendAsync(HttpMethod.Delete, "instances?createdTimeFrom=2000-01-01T00:00:00Z&runtimeStatus=Completed");
        Assert.Equal(3, all.GetProperty("instancesDeleted").GetInt32());
        var (_, left) = await SendAsync(HttpMethod.Get, "instances");
        Assert.Equal("lives", Assert.Single(left.EnumerateArray()).GetProperty("instanceId").GetString());
    }
}
