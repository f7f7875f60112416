using System.Net;
using System.Net.Http.Json;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Testing;
using FromBodyAttribute = Microsoft.Azure.Functions.Worker.Http.FromBodyAttribute;

namespace Serverless.Local.Tests.Hosting;

public sealed class HttpFunctionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ok", HttpStatusCode.OK, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("object", HttpStatusCode.Conflict, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("bad", HttpStatusCode.BadRequest, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("missing", HttpStatusCode.NotFound, null, "")]
    [InlineData("status", HttpStatusCode.ServiceUnavailable, null, "")]
    [InlineData("json", HttpStatusCode.OK, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("content", HttpStatusCode.OK, "text/html; charset=utf-8", "<p>")]
    [InlineData("text", HttpStatusCode.OK, "text/plain; charset=utf-8", "plain")]
    [InlineData("oktext", HttpStatusCode.OK, "text/plain; charset=utf-8", "plain")]
    [InlineData("file", HttpStatusCode.OK, "application/octet-stream", "abc")]
    [InlineData("result", HttpStatusCode.Accepted, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("record", HttpStatusCode.OK, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("valuetask", HttpStatusCode.OK, "application/json; charset=utf-8", """{"name":"a","size":1}""")]
    [InlineData("void", HttpStatusCode.NoContent, null, "")]
    public async Task Get_EachKindOfResult_IsWrittenAsTheWorkerWritesIt(string kind, HttpStatusCode status, string? type, string body)
    {
        await using var app = await TestApp.StartAsync(typeof(Results));
        using var response = await app.Client.GetAsync($"/api/results/{kind}", Stop);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task Get_RouteAndQueryValues_AreBoundByName()
    {
        await using var app = await TestApp.StartAsync(typeof(Parameters));
        Assert.Equal("7 b 2.5 Monday True", await app.Client.GetStringAsync("/api/items/7/b?ratio=2.5&day=monday", Stop));
        Assert.Equal("7 none 0  True", await app.Client.GetStringAsync("/api/items/7", Stop));
        using var wrong = await app.Client.GetAsync("/api/items/seven", Stop);
        Assert.Equal(HttpStatusCode.NotFound, wrong.StatusCode);
        using var unreadable = await app.Client.GetAsync("/api/items/7?ratio=x", Stop);
        Assert.Equal(HttpStatusCode.InternalServerError, unreadable.StatusCode);
    }

    [Fact]
    public async Task Post_FromBody_ReadsJson()
    {
        await using var app = await TestApp.StartAsync(typeof(Parameters));
        using var response = await app.Client.PostAsJsonAsync("/api/echo", new { Name = "x", Size = 3 }, Stop);
        Assert.Equal("x3", await response.Content.ReadAsStringAsync(Stop));
        using var get = await app.Client.GetAsync("/api/echo", Stop);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
    }

    [Fact]
    public async Task Post_LargeBody_IsStreamedToTheFunction()
    {
        await using var app = await TestApp.StartAsync(typeof(Parameters));
        using var content = new StreamContent(new MemoryStream(new byte[50_000_000]));
        using var response = await app.Client.PostAsync("/api/count", content, Stop);
        Assert.Equal("50000000", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task Post_BodyOverTheLimit_Is413()
    {
        await using var app = await TestApp.StartWithAsync(new() { ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"] = "1000" }, typeof(Parameters));
        using var content = new StringContent(new string('x', 2_000), Encoding.UTF8);
        using var response = await app.Client.PostAsync("/api/count", content, Stop);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Get_FunctionThrows_Is500WithoutDetails()
    {
        await using var app = await TestApp.StartAsync(typeof(Results));
        using var response = await app.Client.GetAsync("/api/results/throw", Stop);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task Get_CallerGoesAway_CancelsTheFunction()
    {
        await using var app = await TestApp.StartAsync(typeof(Slow));
        using var caller = new CancellationTokenSource();
        var call = app.Client.GetAsync("/api/Slow", caller.Token);
        await Slow.Entered.Task.WaitAsync(Eventually.Deadline, Stop);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Slow.Cancelled.Task.WaitAsync(Eventually.Deadline, Stop);
    }

    [Fact]
    public async Task Middleware_AroundAFunction_SeesItsContextAndChangesItsResult()
    {
        using var folder = new TestFolder();
        var builder = TestApp.Builder(folder.Path, typeof(Results), typeof(Injected));
        builder.Services.AddScoped<Visits>();
        builder.UseMiddleware(
            async (context, next) =>
            {
                context.Items["by"] = context.FunctionDefinition.Name;
                await next();
                context.GetHttpContext()!.Response.Headers["x-function"] = (string)context.Items["by"];
            }
        );
        builder.UseWhen(
            c => c.FunctionDefinition.Name == "Text",
            async (context, next) =>
            {
                await next();
                var result = context.GetInvocationResult();
                result.Value = "[" + context.GetInvocationResult<string>().Value + "]";
            }
        );
        await using var app = await TestApp.StartAsync(builder.Build(), folder.Path);
        using var response = await app.Client.GetAsync("/api/results/text", Stop);
        Assert.Equal("[plain]", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal("Text", response.Headers.GetValues("x-function").Single());
        // A fresh instance and a fresh scope for each call.
        Assert.Equal("1 Injected disposed 0", await app.Client.GetStringAsync("/api/Injected", Stop));
        Assert.Equal("1 Injected disposed 1", await app.Client.GetStringAsync("/api/Injected", Stop));
    }

    public sealed record Item(string Name, int Size);

    public static class Results
    {
        private const string Root = "results/";
        private static readonly Item One = new("a", 1);

        [Function("Ok")]
        public static IActionResult Ok([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "ok")] HttpRequest request) =>
            new OkObjectResult(One);

        [Function("Object")]
        public static Task<IActionResult> Object(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "object")] HttpRequest request
        ) => Task.FromResult<IActionResult>(new ObjectResult(One) { StatusCode = 409 });

        [Function("Bad")]
        public static BadRequestObjectResult Bad(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "bad")] HttpRequest request
        ) => new(One);

        [Function("Missing")]
        public static IActionResult Missing(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "missing")] HttpRequest request
        ) => new NotFoundResult();

        [Function("Status")]
        public static IActionResult Status(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "status")] HttpRequest request
        ) => new StatusCodeResult(503);

        [Function("Json")]
        public static IActionResult Json([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "json")] HttpRequest request) =>
            new JsonResult(One);

        [Function("Content")]
        public static IActionResult Content(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "content")] HttpRequest request
        ) => new ContentResult { Content = "<p>", ContentType = "text/html; charset=utf-8" };

        [Function("Text")]
        public static string Text([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "text")] HttpRequest request) => "plain";

        [Function("OkText")]
        public static IActionResult OkText(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "oktext")] HttpRequest request
        ) => new OkObjectResult("plain");

        [Function("File")]
        public static IActionResult File([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "file")] HttpRequest request) =>
            new FileStreamResult(new MemoryStream("abc"u8.ToArray()), "application/octet-stream");

        [Function("Result")]
        public static IResult Result([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "result")] HttpRequest request) =>
            Microsoft.AspNetCore.Http.Results.Json(One, statusCode: 202);

        [Function("Record")]
        public static Item Record([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "record")] HttpRequest request) => One;

        [Function("ValueTask")]
        public static async ValueTask<Item> ValueTask(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "valuetask")] HttpRequest request
        )
        {
            await Task.Yield();
            return One;
        }

        [Function("Void")]
        public static Task Void([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "void")] HttpRequest request)
        {
            request.HttpContext.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        [Function("Throw")]
        public static string Throw([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Root + "throw")] HttpRequest request) =>
            throw new InvalidOperationException("secret");
    }

    public sealed class Parameters
    {
        [Function("Items")]
        public string Items(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "items/{id:int}/{part?}")] HttpRequest request,
            int id,
            double ratio,
            DayOfWeek? day,
            FunctionContext context,
            CancellationToken cancellationToken,
            string part = "none"
        ) => $"{id} {part} {ratio} {day} {context.CancellationToken == cancellationToken}";

        [Function("Echo")]
        public string Echo([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "echo")] HttpRequest request, [FromBody] Item item) =>
            item.Name + item.Size;

        [Function("Count")]
        public async Task<string> Count(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "count")] HttpRequest request,
            CancellationToken cancellationToken
        )
        {
            var count = 0L;
            var buffer = new byte[65_536];
            for (int read; (read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0; )
                count += read;
            return count.ToString();
        }
    }

    public static class Slow
    {
        public static TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Slow")]
        public static async Task Run(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request,
            CancellationToken cancellationToken
        )
        {
            cancellationToken.Register(Cancelled.SetResult);
            Entered.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    public sealed class Visits
    {
        public int Count { get; set; }
    }

    public sealed class Injected(Visits visits, ILogger<Injected> logger) : IDisposable
    {
        private static int disposed;

        [Function("Injected")]
        public string Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
        {
            logger.LogDebug("visited");
            visits.Count++;
            return $"{context.InstanceServices.GetRequiredService<Visits>().Count} {context.FunctionDefinition.Name} disposed {disposed}";
        }

        public void Dispose() => disposed++;
    }
}
