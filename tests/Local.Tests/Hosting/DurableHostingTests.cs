using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>The durable engine inside an app: functions of all three kinds, middleware, a restart.</summary>
public sealed class DurableHostingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_StartsAnOrchestration_ItRunsThroughActivitiesAndMiddleware()
    {
        using var folder = new TestFolder();
        var builder = TestApp.Builder(folder.Path, typeof(Sums));
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        builder.UseMiddleware(
            async (context, next) =>
            {
                seen.AddOrUpdate(context.FunctionDefinition.Name, 1, (_, count) => count + 1);
                await next();
            }
        );
        await using var app = await TestApp.StartAsync(builder.Build(), folder.Path);
        using var started = await app.Client.PostAsync("/api/sums/one?count=3", null, Stop);
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        Assert.Equal("Completed one: 6 by one", await app.Client.GetStringAsync("/api/sums/one", Stop));
        Assert.Equal(["Add", "Start", "Sum", "Wait"], seen.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(3, seen["Add"]);
    }

    [Fact]
    public async Task Restart_FinishedOrchestration_IsStillThere()
    {
        using var folder = new TestFolder();
        await using (var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, typeof(Sums)).Build(), folder.Path))
        {
            using var started = await app.Client.PostAsync("/api/sums/two?count=2", null, Stop);
            Assert.Equal("Completed two: 3 by two", await app.Client.GetStringAsync("/api/sums/two", Stop));
        }
        await using (var app = await TestApp.StartAsync(TestApp.Builder(folder.Path, typeof(Sums)).Build(), folder.Path))
            Assert.Equal("Completed two: 3 by two", await app.Client.GetStringAsync("/api/sums/two", Stop));
    }

    public sealed class Sums
    {
        [Function("Start")]
        public static async Task<IActionResult> Start(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sums/{id}")] HttpRequest request,
            [DurableClient] DurableTaskClient client,
            string id,
            int count,
            CancellationToken cancellationToken
        )
        {
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(Sum), count, new StartOrchestrationOptions(id), cancellationToken);
            return new AcceptedResult();
        }

        [Function("Wait")]
        public static async Task<string> Wait(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sums/{id}")] HttpRequest request,
            [DurableClient] DurableTaskClient client,
            string id,
            CancellationToken cancellationToken
        )
        {
            var end = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellationToken);
            return $"{end.RuntimeStatus} {end.InstanceId}: {end.ReadOutputAs<string>()}";
        }

        [Function(nameof(Sum))]
        public async Task<string> Sum([OrchestrationTrigger] TaskOrchestrationContext context, int count)
        {
            var sum = new Step(0, 0, "");
            for (var i = 1; i <= count; i++)
                sum = await context.CallActivityAsync<Step>(nameof(Add), new Step(sum.Total, i, ""));
            return $"{sum.Total} by {sum.By}";
        }

        [Function(nameof(Add))]
        public Step Add([ActivityTrigger] Step step, string instanceId) => new(step.Total + step.Next, 0, instanceId);
    }

    public sealed record Step(int Total, int Next, string By);
}
