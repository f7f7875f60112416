using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>Bodies that are under way while the function runs, callers that leave, and a stop in the middle of it.</summary>
public sealed class HttpStreamingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Post_BodyStillBeingSent_IsReadByTheFunction()
    {
        await using var app = await TestApp.StartAsync(typeof(Streams));
        // Buffered, neither side would go on.
        using var content = new InParts("first", Streams.ReadFirst.Task, " second");
        using var response = await app.Client.PostAsync("/api/Reads", content, Stop).WaitAsync(Eventually.Deadline, Stop);
        Assert.Equal("first second", await response.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task Get_FunctionStillWrites_TheFirstPartIsThere()
    {
        await using var app = await TestApp.StartAsync(typeof(Streams));
        using var response = await app
            .Client.GetAsync("/api/Writes", HttpCompletionOption.ResponseHeadersRead, Stop)
            .WaitAsync(Eventually.Deadline, Stop);
        await using var body = await response.Content.ReadAsStreamAsync(Stop);
        var first = new byte["first".Length];
        await body.ReadExactlyAsync(first, Stop).AsTask().WaitAsync(Eventually.Deadline, Stop);
        Assert.Equal("first", Encoding.UTF8.GetString(first));
        Streams.Go.SetResult();
        using var rest = new StreamReader(body);
        Assert.Equal(" second", await rest.ReadToEndAsync(Stop));
    }

    [Fact]
    public async Task Get_FunctionThrowsInTheMiddleOfItsAnswer_TheAnswerDoesNotLookWhole()
    {
        await using var app = await TestApp.StartAsync(typeof(Streams));
        using var response = await app.Client.GetAsync("/api/Breaks", HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Streams.Break.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync(Stop));
        Assert.Equal("alive", await app.Client.GetStringAsync("/api/Alive", Stop));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_CallerLeavesWhileItSends_IsNoFailureOfTheFunction(bool reset)
    {
        using var folder = new TestFolder();
        using var log = new SaidLog();
        var builder = TestApp.Builder(folder.Path, typeof(Streams));
        builder.Logging.AddProvider(log);
        await using var app = await TestApp.StartAsync(builder.Build(), folder.Path);
        var entered = Streams.NewUpload();

        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, new Uri(app.Url).Port), Stop);
            await socket.SendAsync("POST /api/Uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\npart"u8.ToArray(), Stop);
            await entered.Task.WaitAsync(Eventually.Deadline, Stop);
            // Without the linger its end is a FIN, with it a RST.
            if (reset)
                socket.LingerState = new LingerOption(true, 0);
        }

        await Eventually.HoldsAsync(() => Streams.UploadEnded is not null, "the function to see its caller leave", Stop);
        Assert.Equal("alive", await app.Client.GetStringAsync("/api/Alive", Stop));
        // Kestrel itself may say of a connection that was reset that what was left of its body could not be drained.
        Assert.DoesNotContain(
            log.Lines,
            line =>
                line.StartsWith("Error", StringComparison.Ordinal)
                && !line.Contains("automatic draining of the request body failed", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Stop_RequestUnderWay_IsAnsweredWithTheDurableEngineStillThere()
    {
        var app = await TestApp.StartAsync(typeof(Drained));
        var call = app.Client.PostAsync("/api/Drains", null, Stop);
        await Drained.Entered.Task.WaitAsync(Eventually.Deadline, Stop);

        var stopped = app.StopAsync();
        await Drained.Stopping.Task.WaitAsync(Eventually.Deadline, Stop);
        Assert.False(stopped.IsCompleted);
        Drained.Leave.SetResult();

        using var response = await call.WaitAsync(Eventually.Deadline, Stop);
        Assert.Equal("drained", await response.Content.ReadAsStringAsync(Stop));
        await stopped.WaitAsync(Eventually.Deadline, Stop);
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Limits_MoreRequestsThanAllowed_WaitOrAre429()
    {
        await using var app = await TestApp.StartWithAsync(
            new()
            {
                ["AzureFunctionsJobHost:extensions:http:maxConcurrentRequests"] = "1",
                ["AzureFunctionsJobHost:extensions:http:maxOutstandingRequests"] = "2",
            },
            typeof(Limited)
        );
        var first = app.Client.GetAsync("/api/Limited", Stop);
        await Limited.Entered.Task.WaitAsync(Eventually.Deadline, Stop);
        // Whichever of these comes first waits; there is no room for the other two.
        var others = Enumerable.Range(0, 3).Select(_ => app.Client.GetAsync("/api/Limited", Stop)).ToList();
        await Eventually.HoldsAsync(() => others.Count(call => call.IsCompleted) == 2, "two requests over the limit to be refused", Stop);
        Assert.Equal(1, Limited.Most);
        Limited.Leave.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await first).StatusCode);
        var statuses = (await Task.WhenAll(others)).Select(answer => answer.StatusCode);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], statuses.Order());
        Assert.Equal(1, Limited.Most);
        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync("/api/Limited", Stop)).StatusCode);
    }

    /// <summary>Sends its second part when it is told.</summary>
    private sealed class InParts(string first, Task between, string second) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(first));
            await stream.FlushAsync();
            await between;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(second));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    public static class Streams
    {
        private static TaskCompletionSource upload = new();

        public static TaskCompletionSource ReadFirst { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Break { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static Exception? UploadEnded { get; private set; }

        public static TaskCompletionSource NewUpload()
        {
            UploadEnded = null;
            return upload = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        [Function("Reads")]
        public static async Task<string> Reads([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
        {
            var buffer = new byte[100];
            var read = await request.Body.ReadAsync(buffer);
            ReadFirst.SetResult();
            using var rest = new StreamReader(request.Body);
            return Encoding.UTF8.GetString(buffer, 0, read) + await rest.ReadToEndAsync();
        }

        [Function("Writes")]
        public static async Task Writes([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            var response = request.HttpContext.Response;
            await response.WriteAsync("first");
            await response.Body.FlushAsync();
            await Go.Task;
            await response.WriteAsync(" second");
        }

        [Function("Breaks")]
        public static async Task Breaks([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            await request.HttpContext.Response.WriteAsync("half");
            await request.HttpContext.Response.Body.FlushAsync();
            // Else the connection may be cut before the caller has read what was sent.
            await Break.Task;
            throw new InvalidOperationException("as the test wants it");
        }

        [Function("Uploads")]
        public static async Task Uploads([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
        {
            var buffer = new byte[100];
            try
            {
                while (await request.Body.ReadAsync(buffer) > 0)
                    upload.TrySetResult();
            }
            catch (Exception e)
            {
                UploadEnded = e;
                throw;
            }
        }

        [Function("Alive")]
        public static string Alive([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => "alive";
    }

    public sealed class Drained(IHostApplicationLifetime lifetime)
    {
        public static TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Drains")]
        public async Task<string?> Drains(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request,
            [DurableClient] DurableTaskClient client
        )
        {
            lifetime.ApplicationStopping.Register(() => Stopping.TrySetResult());
            Entered.SetResult();
            await Leave.Task;
            var id = await client.ScheduleNewOrchestrationInstanceAsync(nameof(Says), request.HttpContext.RequestAborted);
            return (await client.WaitForInstanceCompletionAsync(id, true, request.HttpContext.RequestAborted)).ReadOutputAs<string>();
        }

        [Function(nameof(Says))]
        public static string Says([OrchestrationTrigger] TaskOrchestrationContext context) => "drained";
    }

    public static class Limited
    {
        private static int inside;

        public static TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static TaskCompletionSource Leave { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static int Most { get; private set; }

        [Function("Limited")]
        public static async Task Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            Most = Math.Max(Most, Interlocked.Increment(ref inside));
            Entered.TrySetResult();
            await Leave.Task;
            Interlocked.Decrement(ref inside);
        }
    }
}
