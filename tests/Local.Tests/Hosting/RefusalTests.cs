using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>What the platform would refuse is refused at start, with a cure.</summary>
public sealed class RefusalTests
{
    public static TheoryData<Type, string[]> Apps =>
        new()
        {
            { typeof(Twice), ["'same'", "already exists", "rename"] },
            { typeof(NoTrigger), ["no trigger", "exactly one"] },
            { typeof(TwoTriggers), ["multiple triggers", "request", "message"] },
            { typeof(Unbindable), ["cannot bind parameter 'client' to type System.Net.Http.HttpClient", "constructor"] },
            { typeof(WrongTrigger), ["cannot bind parameter 'timer' to type System.Int32", "TimerInfo"] },
            { typeof(AsyncVoid), ["async void", "Return a Task"] },
            { typeof(Hidden), ["public"] },
            { typeof(BadName), ["not a valid function name"] },
            { typeof(NoConnection), ["Nowhere", "does not exist", "local.settings.json"] },
            { typeof(BadSchedule), ["61", "second", "from 0 to 59"] },
            { typeof(UnknownSetting), ["%Missing%", "does not resolve"] },
            { typeof(SameRoute), ["already answered by"] },
            { typeof(Reserved), ["conflicts with one or more built in routes"] },
            { typeof(SameDurableName), ["already taken"] },
            { typeof(RetriedRequest), ["AZFW0012", "HttpTriggerAttribute", "Remove it"] },
            { typeof(OtherHub), ["cannot bind parameter 'client'", "[DurableClient]", "task hub"] },
            { typeof(OtherConnection), ["cannot bind parameter 'client'", "[DurableClient]", "task hub"] },
            { typeof(BadRetryInterval), ["'soon'", "hh:mm:ss"] },
        };

    [Theory]
    [MemberData(nameof(Apps))]
    public void Build_AppThatCannotRun_SaysWhatAndHowToCureIt(Type type, string[] parts)
    {
        using var folder = new TestFolder();
        folder.Write("host.json", """{ "extensions": { "http": { "routePrefix": "" } } }""");
        var error = Assert.Throws<InvalidOperationException>(() => TestApp.Builder(folder.Path, type).Build());
        Assert.All(parts, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Build_WithoutWebApplication_RefusesHttpRequest()
    {
        using var folder = new TestFolder();
        var builder = new Microsoft.Azure.Functions.Worker.Builder.FunctionsApplicationBuilder(
            new Serverless.Local.Hosting.AppOptions
            {
                Functions = Assembly.GetExecutingAssembly(),
                Classes = [typeof(HttpKeyTests.Levels)],
                ContentRoot = folder.Path,
                Arguments = ["--port", "0"],
            }
        );
        var error = Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Contains("ConfigureFunctionsWebApplication", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("host.json", """{ "extensions": { "queues": { "batchSize": 33 } } }""", "extensions.queues.batchSize is '33'")]
    [InlineData("host.json", """{ "extensions": { "durableTask": { "hubName": "a b" } } }""", "hubName")]
    [InlineData("host.json", """{ "functionTimeout": "soon" }""", "functionTimeout is 'soon'")]
    [InlineData("host.json", "{ ", "host.json")]
    [InlineData("local.settings.json", """{ "Values": { "A": {} } }""", "Values.A")]
    [InlineData("local.settings.json", """{ "IsEncrypted": true }""", "encrypted")]
    [InlineData("local.settings.json", """{ "Host": { "LocalHttpPort": 70000 } }""", "LocalHttpPort is '70000'")]
    [InlineData("local.settings.json", "{\n \"Values\": [", "line 2")]
    public void Build_WrongSettings_NamesFileAndKey(string file, string content, string part)
    {
        using var folder = new TestFolder();
        folder.Write(file, content);
        var error = Assert.Throws<InvalidOperationException>(() => TestApp.Builder(folder.Path, typeof(HttpKeyTests.Levels)).Build());
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    public static class RetriedRequest
    {
        [Function("retried")]
        [FixedDelayRetry(3, "00:00:01")]
        public static string Run([HttpTrigger] HttpRequest request) => "";
    }

    public static class BadRetryInterval
    {
        [Function("often")]
        [FixedDelayRetry(3, "soon")]
        public static void Run([TimerTrigger("0 0 0 * * *")] TimerInfo timer) { }
    }

    public static class Twice
    {
        [Function("same")]
        public static string One([HttpTrigger(Route = "1")] HttpRequest request) => "";

        [Function("Same")]
        public static string Two([HttpTrigger(Route = "2")] HttpRequest request) => "";
    }

    public static class NoTrigger
    {
        [Function("None")]
        public static string One(HttpRequest request) => "";
    }

    public static class TwoTriggers
    {
        [Function("Two")]
        public static string One([HttpTrigger] HttpRequest request, [QueueTrigger("q")] string message) => "";
    }

    public static class Unbindable
    {
        [Function("Unbindable")]
        public static string One([HttpTrigger] HttpRequest request, HttpClient client) => "";
    }

    public static class WrongTrigger
    {
        [Function("WrongTrigger")]
        public static void One([TimerTrigger("0 * * * * *")] int timer) { }
    }

    public static class AsyncVoid
    {
        [Function("AsyncVoid")]
        public static async void One([HttpTrigger] HttpRequest request) => await Task.Yield();
    }

    internal static class Hidden
    {
        [Function("Hidden")]
        public static string One([HttpTrigger] HttpRequest request) => "";
    }

    public static class BadName
    {
        [Function("1 name")]
        public static string One([HttpTrigger] HttpRequest request) => "";
    }

    public static class NoConnection
    {
        [Function("NoConnection")]
        public static void One([QueueTrigger("q", Connection = "Nowhere")] string message) { }
    }

    public static class BadSchedule
    {
        [Function("BadSchedule")]
        public static void One([TimerTrigger("61 * * * * *")] TimerInfo timer) { }
    }

    public static class UnknownSetting
    {
        [Function("UnknownSetting")]
        public static void One([TimerTrigger("%Missing%")] TimerInfo timer) { }
    }

    public static class SameRoute
    {
        [Function("First")]
        public static string One([HttpTrigger("get", "post", Route = "same")] HttpRequest request) => "";

        [Function("Second")]
        public static string Two([HttpTrigger("post", Route = "Same")] HttpRequest request) => "";
    }

    public static class Reserved
    {
        [Function("Reserved")]
        public static string One([HttpTrigger(Route = "admin/x")] HttpRequest request) => "";
    }

    public static class SameDurableName
    {
        [Function("A")]
        public static Task One([OrchestrationTrigger(Orchestration = "X")] TaskOrchestrationContext context) => Task.CompletedTask;

        [Function("B")]
        public static Task Two([OrchestrationTrigger(Orchestration = "X")] TaskOrchestrationContext context) => Task.CompletedTask;
    }

    public static class OtherHub
    {
        [Function("OtherHub")]
        public static string Run(
            [HttpTrigger("get")] HttpRequest request,
            [DurableClient(TaskHub = "Elsewhere")] Microsoft.DurableTask.Client.DurableTaskClient client
        ) => "";
    }

    public static class OtherConnection
    {
        [Function("OtherConnection")]
        public static string Run(
            [HttpTrigger("get")] HttpRequest request,
            [DurableClient(ConnectionName = "Elsewhere")] Microsoft.DurableTask.Client.DurableTaskClient client
        ) => "";
    }
}
