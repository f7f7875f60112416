using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Serverless.Testing;

namespace Serverless.Local.Tests.Hosting;

/// <summary>HTTP functions that take longer than a short <c>functionTimeout</c>: their callers are answered, and the others go on.</summary>
public sealed class HttpTimeLimitTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly SaidLog log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        log.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("blocks")]
    [InlineData("awaits")]
    public async Task Get_FunctionDoesNotHeedItsToken_Is500AndTheNextRequestGoesOn(string how)
    {
        var left = Hangs.New();
        // One at a time: who is left behind must not keep the place.
        await using var app = await StartAsync(
            KeyValuePair.Create("AzureFunctionsJobHost:extensions:http:maxConcurrentRequests", (string?)"1")
        );

        using var response = await app.Client.GetAsync($"/api/Hangs?how={how}", Stop).WaitAsync(Eventually.Deadline, Stop);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Stop));
        // The function still has the request of this connection.
        Assert.True(response.Headers.ConnectionClose);
        Assert.True(log.Has("Error Timeout value of 00:00:03 exceeded by function 'Functions.Hangs', which did not end within 3 s"));
        Assert.True(log.Has("The run counts as failed and is left behind"));
        Assert.True(Hangs.Token.IsCancellationRequested);
        Assert.Equal("fine", await app.Client.GetStringAsync("/api/Hangs?how=fine", Stop));

        left.SetResult();
        await Eventually.HoldsAsync(() => log.Has("after it was left behind; its result is not used"), "its end to be said", Stop);
        Assert.Equal("fine", await app.Client.GetStringAsync("/api/Hangs?how=fine", Stop));
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("returns")]
    public async Task Get_FunctionHeedsItsToken_Is500AndNothingIsLeftBehind(string how)
    {
        await using var app = await StartAsync();

        using var response = await app.Client.GetAsync($"/api/Heeds?how={how}", Stop).WaitAsync(Eventually.Deadline, Stop);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Stop));
        Assert.NotEqual(true, response.Headers.ConnectionClose);
        Assert.True(log.Has("Timeout value of 00:00:03 exceeded by function 'Functions.Heeds'. Raise functionTimeout"));
        Assert.False(log.Has("left behind"));
    }

    [Fact]
    public async Task Get_FunctionHasBegunItsAnswer_IsCutAndTheNextRequestGoesOn()
    {
        var left = Hangs.New();
        await using var app = await StartAsync();

        using var response = await app
            .Client.GetAsync("/api/Hangs?how=begins", HttpCompletionOption.ResponseHeadersRead, Stop)
            .WaitAsync(Eventually.Deadline, Stop);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync(Stop).WaitAsync(Eventually.Deadline, Stop));
        Assert.True(log.Has("Timeout value of 00:00:03 exceeded by function 'Functions.Hangs'"));
        // What it still writes goes nowhere.
        left.SetResult();
        await Eventually.HoldsAsync(() => log.Has("after it was left behind; its result is not used"), "its end to be said", Stop);
        Assert.Equal("fine", await app.Client.GetStringAsync("/api/Hangs?how=fine", Stop));
    }

    [Fact]
    public async Task Get_CallerLeavesBeforeTheLimit_IsNoFailure()
    {
        await using var app = await StartAsync();
        var entered = Heeds.New();
        using var caller = new CancellationTokenSource();
        var call = app.Client.GetAsync("/api/Heeds?how=throws", caller.Token);
        await entered.Task.WaitAsync(Eventually.Deadline, Stop);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Eventually.HoldsAsync(() => Heeds.Token.IsCancellationRequested, "the function to be cancelled", Stop);
        Assert.Equal("fine", await app.Client.GetStringAsync("/api/Hangs?how=fine", Stop));
        Assert.DoesNotContain(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_FunctionThatWasLeftBehind_IsNotWaitedFor()
    {
        var left = Hangs.New();
        try
        {
            await using var app = await StartAsync();
            using var response = await app.Client.GetAsync("/api/Hangs?how=awaits", Stop).WaitAsync(Eventually.Deadline, Stop);

            // Half of what the host gives a request that is under way.
            await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(15), Stop);

            Assert.False(log.Has("after it was left behind"));
        }
        finally
        {
            left.SetResult();
        }
    }

    private Task<TestApp> StartAsync(params KeyValuePair<string, string?>[] settings)
    {
        var builder = TestApp.Builder(folder.Path, typeof(Hangs), typeof(Heeds));
        builder.Configuration.AddInMemoryCollection([
            .. settings,
            KeyValuePair.Create("AzureFunctionsJobHost:functionTimeout", (string?)"00:00:03"),
        ]);
        builder.Services.AddSingleton<ILoggerProvider>(log);
        return TestApp.StartAsync(builder.Build(), folder.Path);
    }

    public static class Hangs
    {
        private static TaskCompletionSource leave = new();

        public static CancellationToken Token { get; private set; }

        public static TaskCompletionSource New() => leave = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Hangs")]
        public static async Task<string?> Run(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request,
            string how,
            FunctionContext context
        )
        {
            var until = leave;
            if (how == "fine")
                return "fine";
            Token = context.CancellationToken;
            if (how == "blocks")
                until.Task.Wait(CancellationToken.None);
            if (how == "begins")
            {
                await request.HttpContext.Response.WriteAsync("half", CancellationToken.None);
                await request.HttpContext.Response.Body.FlushAsync(CancellationToken.None);
            }
            await until.Task;
            return "too late";
        }
    }

    public static class Heeds
    {
        private static TaskCompletionSource entered = new();

        public static CancellationToken Token { get; private set; }

        public static TaskCompletionSource New() => entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        [Function("Heeds")]
        public static async Task<string> Run(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request,
            string how,
            CancellationToken cancellationToken
        )
        {
            Token = cancellationToken;
            entered.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            catch (OperationCanceledException) when (how == "returns")
            {
                // The platform does not take this for an answer any more.
            }
            return "in the grace";
        }
    }
}
