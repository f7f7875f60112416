using System.Net;
using System.Text.Json;

namespace Serverless.Local.Tests.Hosting;

/// <summary>What the management API starts, shows and lists, and to whom.</summary>
public sealed class ManagementApiTests : ManagementTest
{
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
}
