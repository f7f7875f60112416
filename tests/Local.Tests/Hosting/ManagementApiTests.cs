using System.Net;
using System.Text;
using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>The HTTP management API of Durable, over real HTTP.</summary>
public sealed class ManagementApiTests : IAsyncLifetime
{
    private TestApp? _app;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private TestApp App => _app ?? throw new InvalidOperationException("The app has not started.");

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(typeof(ManagedFunctions));
        ManagedFunctions.Broken = true;
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Theory]
    [InlineData("GET", "instances")]
    [InlineData("DELETE", "instances?createdTimeFrom=2020-01-01T00:00:00Z")]
    [InlineData("GET", "instances/any")]
    [InlineData("DELETE", "instances/any")]
    [InlineData("POST", "instances/any/raiseEvent/go")]
    [InlineData("POST", "instances/any/terminate")]
    [InlineData("POST", "instances/any/suspend")]
    [InlineData("POST", "instances/any/resume")]
    [InlineData("POST", "instances/any/rewind")]
    [InlineData("POST", "instances/any/restart")]
    [InlineData("POST", "orchestrators/Wait")]
    [InlineData("POST", "orchestrators/Wait/any")]
    [InlineData("GET", "nothing/here")]
    public async Task EveryRoute_WithoutTheSystemKey_Is401(string method, string route)
    {
        foreach (var key in new[] { null, App.Key, "wrong" })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(method, route, key));
        foreach (var key in new[] { App.SystemKey, App.MasterKey })
            Assert.NotEqual(HttpStatusCode.Unauthorized, await StatusAsync(method, route, key));
    }

    private async Task<HttpStatusCode> StatusAsync(string method, string route, string? key)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/runtime/webhooks/durabletask/{route}");
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        using var answer = await App.Client.SendAsync(request, Stop);
        return answer.StatusCode;
    }

    [Fact]
    public async Task Start_AndItsLinks_LeadToTheEndWithEveryField()
    {
        var (status, links) = await SendAsync(HttpMethod.Post, "orchestrators/Greet/one", "\"Ada\"");
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("one", links.GetProperty("id").GetString());
        Assert.Equal(
            [
                "id",
                "purgeHistoryDeleteUri",
                "restartPostUri",
                "resumePostUri",
                "sendEventPostUri",
                "statusQueryGetUri",
                "suspendPostUri",
                "terminatePostUri",
            ],
            links.EnumerateObject().Select(link => link.Name).Order(StringComparer.Ordinal)
        );
        var uri = links.GetProperty("statusQueryGetUri").GetString()!;
        Assert.Contains($"code={Uri.EscapeDataString(App.SystemKey)}", uri, StringComparison.Ordinal);
        var end = await EndAsync(uri);
        Assert.Equal(
            """{"name":"Greet","instanceId":"one","runtimeStatus":"Completed","input":"Ada","customStatus":{"step":"greeting"},"output":["Hello Ada!","ü"]""",
            end.GetRawText()[..end.GetRawText().IndexOf(""","createdTime":""", StringComparison.Ordinal)]
        );
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", end.GetProperty("createdTime").GetString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", end.GetProperty("lastUpdatedTime").GetString());
        Assert.False(end.TryGetProperty("historyEvents", out _));
    }

    [Fact]
    public async Task Get_WithHistory_NamesTheEventsAsThePlatformDoes()
    {
        await StartAndEndAsync("Greet", "two", "\"Bob\"");
        var (_, shown) = await SendAsync(HttpMethod.Get, "instances/two?showHistory=true&showHistoryOutput=true&showInput=false");
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("input").ValueKind);
        var events = shown.GetProperty("historyEvents").EnumerateArray().ToList();
        Assert.Equal(
            ["ExecutionStarted", "TaskCompleted", "SubOrchestrationInstanceCompleted", "TimerCreated", "TimerFired", "ExecutionCompleted"],
            events.Select(entry => entry.GetProperty("EventType").GetString())
        );
        Assert.Equal("Greet", events[0].GetProperty("FunctionName").GetString());
        Assert.Equal("Hello", events[1].GetProperty("FunctionName").GetString());
        Assert.Equal("Hello Bob!", events[1].GetProperty("Result").GetString());
        Assert.True(events[1].GetProperty("ScheduledTime").GetDateTime() <= events[1].GetProperty("Timestamp").GetDateTime());
        Assert.Equal(events[3].GetProperty("FireAt").GetString(), events[4].GetProperty("FireAt").GetString());
        Assert.Equal("Completed", events[5].GetProperty("OrchestrationStatus").GetString());
        Assert.Equal("ü", events[5].GetProperty("Result")[1].GetString());

        var (_, without) = await SendAsync(HttpMethod.Get, "instances/two?showHistory=true");
        Assert.All(without.GetProperty("historyEvents").EnumerateArray(), entry => Assert.False(entry.TryGetProperty("Result", out _)));
    }

    [Fact]
    public async Task Get_RunningSuspendedFailedAndUnknown_AnswersTheirStatus()
    {
        await StartAsync("Wait", "running");
        using var running = await App.Client.GetAsync(Url("instances/running"), Stop);
        Assert.Equal(HttpStatusCode.Accepted, running.StatusCode);
        Assert.Equal(Url("instances/running"), running.Headers.Location!.PathAndQuery);
        Assert.Equal(TimeSpan.FromSeconds(5), running.Headers.RetryAfter!.Delta);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, "instances/unknown")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Put, "instances/running")).Status);

        var failed = await StartAndEndAsync("Fail", "failed");
        Assert.Equal("Failed", failed.GetProperty("runtimeStatus").GetString());
        Assert.Contains("broken", failed.GetProperty("output").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.InternalServerError,
            (await SendAsync(HttpMethod.Get, "instances/failed?returnInternalServerErrorOnFailure=true")).Status
        );
    }

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
        ManagedFunctions.Broken = false;
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
    public async Task Start_WrongNameIdOrBody_SaysWhatIsWrong()
    {
        await StartAsync("Wait", "taken");
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(HttpMethod.Post, "orchestrators/Wait/taken")).Status);
        var (status, error) = await SendAsync(HttpMethod.Post, "orchestrators/Nobody");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("'Nobody' doesn't exist", error.GetProperty("Message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "orchestrators/Wait/@entity")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "orchestrators/Greet", "{")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(HttpMethod.Post, "orchestrators/Wait?taskHub=Other")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, "orchestrators/Wait")).Status);
    }

    [Fact]
    public async Task Start_WithTimeout_WaitsForTheEndOrGivesTheLinks()
    {
        var (done, output) = await SendAsync(HttpMethod.Post, "orchestrators/Greet?timeout=60&pollingInterval=1", "\"Zoe\"");
        Assert.Equal(HttpStatusCode.OK, done);
        Assert.Equal("Hello Zoe!", output[0].GetString());
        var (waits, links) = await SendAsync(HttpMethod.Post, "orchestrators/Wait?timeout=0.05&pollingInterval=0.01");
        Assert.Equal(HttpStatusCode.Accepted, waits);
        Assert.True(links.TryGetProperty("statusQueryGetUri", out _));
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await SendAsync(HttpMethod.Post, "orchestrators/Wait?timeout=1&pollingInterval=2")).Status
        );
    }

    [Fact]
    public async Task List_ByFilterAndPage_GivesEveryInstanceOnce()
    {
        for (var i = 0; i < 5; i++)
            await StartAndEndAsync("Greet", $"list-{i}", "\"x\"");
        await StartAsync("Wait", "list-waits");
        await ReachesAsync("list-waits", "Running");

        List<string> seen = [];
        string? token = null;
        do
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get,
                Url("instances?top=2&instanceIdPrefix=list-&runtimeStatus=Completed,Failed")
            );
            if (token is not null)
                request.Headers.Add("x-ms-continuation-token", token);
            using var answer = await App.Client.SendAsync(request, Stop);
            using var page = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
            foreach (var instance in page.RootElement.EnumerateArray())
            {
                seen.Add(instance.GetProperty("instanceId").GetString()!);
                Assert.Equal(JsonValueKind.Null, instance.GetProperty("input").ValueKind);
                Assert.Equal(JsonValueKind.Array, instance.GetProperty("output").ValueKind);
            }
            token = answer.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
        } while (token is not null);
        Assert.Equal(["list-0", "list-1", "list-2", "list-3", "list-4"], seen);

        var (_, late) = await SendAsync(HttpMethod.Get, "instances?createdTimeFrom=2999-01-01T00:00:00Z");
        Assert.Empty(late.EnumerateArray());
        var (_, inputs) = await SendAsync(HttpMethod.Get, "instances?instanceIdPrefix=list-0&showInput=true&createdTimeTo=2999-01-01");
        Assert.Equal("x", inputs[0].GetProperty("input").GetString());
    }

    [Theory]
    [InlineData("instances?runtimeStatus=completed")]
    [InlineData("instances?top=0")]
    [InlineData("instances?createdTimeFrom=yesterday")]
    [InlineData("instances?showInput=perhaps")]
    public async Task Query_ValueThatCannotBeRead_Is400AndNamesIt(string path)
    {
        var (status, error) = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        var name = path.Split('?', '=')[1];
        Assert.StartsWith($"Found {name} '", error.GetProperty("ExceptionMessage").GetString(), StringComparison.Ordinal);
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

    private string Url(string path, string? key = null) =>
        $"/runtime/webhooks/durabletask/{path}{(path.Contains('?') ? '&' : '?')}code={Uri.EscapeDataString(key ?? App.SystemKey)}";

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, Url(path));
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await App.Client.SendAsync(request, Stop);
        var text = await answer.Content.ReadAsStringAsync(Stop);
        using var body = text.Length == 0 ? null : JsonDocument.Parse(text);
        return (answer.StatusCode, body?.RootElement.Clone() ?? default);
    }

    private async Task StartAsync(string orchestrator, string id, string? input = null)
    {
        var (status, body) = await SendAsync(HttpMethod.Post, $"orchestrators/{orchestrator}/{id}", input);
        Assert.True(status == HttpStatusCode.Accepted, body.ToString());
    }

    private async Task<JsonElement> StartAndEndAsync(string orchestrator, string id, string? input = null)
    {
        await StartAsync(orchestrator, id, input);
        return await EndAsync(Url($"instances/{id}"));
    }

    private async Task<JsonElement> EndAsync(string uri)
    {
        var text = await Eventually.GivesAsync(
            async () =>
            {
                using var answer = await App.Client.GetAsync(uri, Stop);
                return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync(Stop) : null;
            },
            $"the end of {uri}",
            Stop
        );
        using var body = JsonDocument.Parse(text);
        return body.RootElement.Clone();
    }

    private Task ReachesAsync(string id, string status) =>
        Eventually.HoldsAsync(
            async () => (await SendAsync(HttpMethod.Get, $"instances/{id}")).Body.GetProperty("runtimeStatus").GetString() == status,
            $"{id} to be {status}",
            Stop
        );
}
