using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>HTTP functions with the worker's own types, beside ASP.NET Core and without it.</summary>
public sealed class HttpDataTests
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_EveryPart_ReachesTheFunctionAndItsResponseTheCaller(bool aspNetCore)
    {
        await using var app = await StartAsync(aspNetCore);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/data/seven?q=a%20b&q=c");
        request.Headers.Add("x-own", ["one", "two"]);
        request.Headers.Add("Cookie", "crumb=x");
        request.Content = new StringContent("""{"name":"ü","size":3}""", Encoding.UTF8, "application/json");

        using var answer = await app.Client.SendAsync(request, Stop);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(["1", "2"], answer.Headers.GetValues("x-answer"));
        Assert.Equal(
            ["plain=v; path=/", "full=w; max-age=60; path=/p; secure; samesite=none; httponly"],
            answer.Headers.GetValues("Set-Cookie")
        );
        Assert.Equal(
            """{"Method":"POST","Path":"/api/data/seven","Id":"seven","Query":"a b,c","Own":"one, two","Cookie":"crumb=x","Item":{"Name":"ü","Size":3},"Identities":1}""",
            JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Stop)), Plain)
        );
    }

    [Theory]
    [InlineData("marked", true)]
    [InlineData("marked", false)]
    [InlineData("bytype", false)]
    [InlineData("second", true)]
    [InlineData("second", false)]
    [InlineData("stream", true)]
    [InlineData("stream", false)]
    [InlineData("later", true)]
    public async Task Response_OfEachForm_IsSent(string form, bool aspNetCore)
    {
        await using var app = await StartAsync(aspNetCore);

        using var answer = await app.Client.GetAsync($"/api/forms/{form}", Stop);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(form, await answer.Content.ReadAsStringAsync(Stop));
        Assert.Equal(form, answer.Headers.GetValues("x-form").Single());
    }

    [Fact]
    public async Task Sync_ReadAndWrite_WorkOnlyWithoutAspNetCore()
    {
        await using (var app = await StartAsync(aspNetCore: false))
        {
            using var answer = await app.Client.PostAsync("/api/sync", new StringContent("text"), Stop);
            Assert.Equal("text!", await answer.Content.ReadAsStringAsync(Stop));
        }
        await using (var app = await StartAsync(aspNetCore: true))
        {
            using var answer = await app.Client.PostAsync("/api/sync", new StringContent("text"), Stop);
            Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Middleware_SeesRequestAndResponse()
    {
        using var folder = new TestFolder();
        var builder = TestApp.PlainBuilder(folder.Path, TimeProvider.System, typeof(Data));
        builder.UseMiddleware(
            async (context, next) =>
            {
                var request = await context.GetHttpRequestDataAsync();
                await next();
                context.GetHttpResponseData()!.Headers.Add("x-path", request!.Url.AbsolutePath);
            }
        );
        await using var app = await TestApp.StartAsync(builder.Build(), folder.Path);

        foreach (var form in (string[])["second", "marked"])
        {
            using var answer = await app.Client.GetAsync($"/api/forms/{form}", Stop);
            Assert.Equal($"/api/forms/{form}", answer.Headers.GetValues("x-path").Single());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CheckStatus_OfAStartedInstance_HasLinksThatWork(bool aspNetCore)
    {
        await using var app = await StartAsync(aspNetCore);

        using var answer = await app.Client.PostAsync("/api/start", null, Stop);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        using var links = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop));
        var status = links.RootElement.GetProperty("statusQueryGetUri").GetString()!;
        Assert.Equal(answer.Headers.Location!.OriginalString, status);
        Assert.StartsWith(app.Url, links.RootElement.GetProperty("rewindPostUri").GetString(), StringComparison.Ordinal);
        var end = links.RootElement.GetProperty("terminatePostUri").GetString()!.Replace("{text}", "done", StringComparison.Ordinal);
        using var ended = await app.Client.PostAsync(end, null, Stop);
        Assert.Equal(HttpStatusCode.Accepted, ended.StatusCode);
        Assert.Contains(
            "Terminated",
            await Eventually.GivesAsync(
                async () =>
                {
                    var text = await app.Client.GetStringAsync(status, Stop);
                    return text.Contains("Terminated", StringComparison.Ordinal) ? text : null;
                },
                "the end",
                Stop
            ),
            StringComparison.Ordinal
        );
        Assert.Equal(status, await app.Client.GetStringAsync($"/api/payload?id={links.RootElement.GetProperty("id").GetString()}", Stop));
    }

    [Fact]
    public void Build_HttpRequestWithoutAspNetCore_NamesBothWays()
    {
        using var folder = new TestFolder();
        var builder = TestApp.PlainBuilder(folder.Path, TimeProvider.System, typeof(NeedsAspNetCore));

        var refused = Assert.Throws<InvalidOperationException>(() => builder.Build());

        Assert.Contains("HttpRequestData", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ConfigureFunctionsWebApplication", refused.Message, StringComparison.Ordinal);
    }

    private static Task<TestApp> StartAsync(bool aspNetCore)
    {
        var folder = new TestFolder();
        var classes = new[] { typeof(Data), typeof(ManagedFunctions) };
        var builder = aspNetCore ? TestApp.Builder(folder.Path, classes) : TestApp.PlainBuilder(folder.Path, TimeProvider.System, classes);
        return TestApp.StartAsync(builder.Build(), folder.Path, folder);
    }

    public sealed record Item(string Name, int Size);

    public sealed class Marked
    {
        [HttpResult]
        public HttpResponseData? Answer { get; init; }
    }

    public sealed class ByType
    {
        public HttpResponseData? Answer { get; init; }
    }

    public static class Data
    {
        [Function("DataEcho")]
        public static async Task<HttpResponseData> Echo(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "data/{id}")] HttpRequestData request,
            string id
        )
        {
            var answer = request.CreateResponse(HttpStatusCode.Created);
            answer.Headers.Add("x-answer", ["1", "2"]);
            answer.Cookies.Append("plain", "v");
            answer.Cookies.Append(
                new HttpCookie("full", "w")
                {
                    HttpOnly = true,
                    MaxAge = 60,
                    Path = "/p",
                    Secure = true,
                    SameSite = Microsoft.Azure.Functions.Worker.Http.SameSite.ExplicitNone,
                }
            );
            await answer.WriteAsJsonAsync(
                new
                {
                    request.Method,
                    Path = request.Url.AbsolutePath,
                    Id = id,
                    Query = request.Query["q"],
                    Own = string.Join('|', request.Headers.GetValues("x-own")),
                    Cookie = string.Join('|', request.Cookies.Select(cookie => $"{cookie.Name}={cookie.Value}")),
                    Item = await request.ReadFromJsonAsync<Item>(),
                    Identities = request.Identities.Count(),
                }
            );
            return answer;
        }

        [Function("DataMarked")]
        public static async Task<Marked> Mark(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forms/marked")] HttpRequestData request
        ) => new() { Answer = await FormAsync(request, "marked") };

        [Function("DataByType")]
        public static async Task<ByType> Type(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forms/bytype")] HttpRequestData request
        ) => new() { Answer = await FormAsync(request, "bytype") };

        [Function("DataSecond")]
        public static Task<HttpResponseData> Second(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forms/second")] HttpRequestData request
        )
        {
            var begun = request.CreateResponse(HttpStatusCode.InternalServerError);
            begun.Headers.Add("x-form", "begun and left");
            begun.Cookies.Append("left", "v");
            return FormAsync(request, "second");
        }

        [Function("DataStream")]
        public static HttpResponseData Stream(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forms/stream")] HttpRequestData request
        )
        {
            var answer = request.CreateResponse(HttpStatusCode.Accepted);
            answer.Headers.Add("x-form", "stream");
            answer.Body = new MemoryStream(Encoding.UTF8.GetBytes("stream"));
            return answer;
        }

        [Function("DataLater")]
        public static async Task<HttpResponseData> Later(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "forms/later")] HttpRequestData request
        )
        {
            var answer = request.CreateResponse(HttpStatusCode.Accepted);
            answer.Headers.Add("x-form", "later");
            await answer.WriteStringAsync("la");
            await answer.Body.FlushAsync();
            await answer.WriteStringAsync("ter");
            return answer;
        }

        [Function("DataSync")]
        public static HttpResponseData Sync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sync")] HttpRequestData request)
        {
            var answer = request.CreateResponse();
            answer.WriteString(request.ReadAsString() + "!");
            return answer;
        }

        [Function("DataStart")]
        public static async Task<HttpResponseData> Start(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "start")] HttpRequestData request,
            [DurableClient] DurableTaskClient client
        ) =>
            await client.CreateCheckStatusResponseAsync(
                request,
                await client.ScheduleNewOrchestrationInstanceAsync(nameof(ManagedFunctions.Wait))
            );

        [Function("DataPayload")]
        public static string? Payload(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "payload")] HttpRequestData request,
            [DurableClient] DurableTaskClient client,
            string id
        ) => client.CreateHttpManagementPayload(id).StatusQueryGetUri;

        private static async Task<HttpResponseData> FormAsync(HttpRequestData request, string form)
        {
            var answer = request.CreateResponse(HttpStatusCode.Accepted);
            answer.Headers.Add("x-form", form);
            await answer.WriteStringAsync(form);
            return answer;
        }
    }

    public static class NeedsAspNetCore
    {
        [Function("NeedsAspNetCore")]
        public static string Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] Microsoft.AspNetCore.Http.HttpRequest request) => "";
    }
}
