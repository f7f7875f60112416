using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Serverless.EndToEnd.Tests.Stack;

namespace Serverless.EndToEnd.Tests.Serving;

/// <summary>What callers see of a deployment and of a start.</summary>
public sealed class DeploymentTests(StackFixture fixture) : IClassFixture<StackFixture>
{
    /// <summary>What is promised is 3 s; a loaded test machine gets as much again.</summary>
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(6);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestStack Stack => fixture.Stack;

    [Fact]
    public async Task Promote_UnderLoad_IsSeenSoonAndNoRequestFails()
    {
        const string Name = "hammered";
        var definition = SmallData.Definition(Name, "gate: { beatChampionBy: -1 }");
        await Stack.SucceedsAsync(await Stack.DropAsync(definition, "one.csv", SmallData.Csv(41)));
        await Stack.SucceedsAsync(await Stack.DropAsync(definition, "two.csv", SmallData.Csv(42)));
        await Stack.PredictAsync(Name, 2, SmallData.Row);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var callers = Enumerable.Range(0, 4).Select(_ => HammerAsync(Name, stop)).ToArray();
        foreach (var version in (int[])[1, 2, 1, 2])
        {
            var clock = Stopwatch.StartNew();
            await Stack.Api.PromoteAsync(Name, version, Token);
            await Stack.PredictAsync(Name, version, SmallData.Row);
            TestContext.Current.SendDiagnosticMessage($"v{version} answered {clock.ElapsedMilliseconds} ms after it was promoted");
            Assert.True(clock.Elapsed < Promise, $"v{version} was seen after {clock.Elapsed}.");
        }

        await stop.CancelAsync();
        var answered = (await Task.WhenAll(callers)).Sum();
        TestContext.Current.SendDiagnosticMessage($"{answered} requests, none failed");
        Assert.True(answered > 0);
    }

    [Fact]
    public async Task FirstPrediction_AfterAStart_ComesSoon()
    {
        const string Name = "first-answer";
        await Stack.SucceedsAsync(await Stack.DropAsync(SmallData.Definition(Name), "one.csv", SmallData.Csv(51)));
        await Stack.PredictAsync(Name, 1, SmallData.Row);
        await Stack.Local.App.StopAsync();

        var clock = Stopwatch.StartNew();
        var start = Stack.Local.App.StartAsync(Token);
        await Stack.PredictAsync(Name, 1, SmallData.Row);
        var took = clock.Elapsed;
        await start;

        TestContext.Current.SendDiagnosticMessage($"first prediction {took.TotalMilliseconds:0} ms after process start");
        Assert.True(took < Promise, $"{took}");
    }

    [Fact]
    public async Task Requests_ThatAreWrong_GetAMessageAndTheModelGoesOn()
    {
        const string Name = "bad-requests";
        await Stack.SucceedsAsync(await Stack.DropAsync(SmallData.Definition(Name), "one.csv", SmallData.Csv(61)));
        await Stack.PredictAsync(Name, 1, SmallData.Row);

        await RefusedAsync(Name, "[{\"x\": 0.5,", HttpStatusCode.BadRequest);
        await RefusedAsync(Name, """[{"x": "many", "y": 1, "kind": "a"}]""", HttpStatusCode.BadRequest, HttpStatusCode.UnprocessableEntity);
        await RefusedAsync("no-such-model", SmallData.Row, HttpStatusCode.NotFound);
        var huge = $"[{{\"x\": 1, \"y\": 1, \"kind\": \"{new string('a', 70_000_000)}\"}}]";
        await RefusedAsync(Name, huge, HttpStatusCode.RequestEntityTooLarge);
        using var nobody = new HttpClient();
        using var anonymous = await nobody.GetAsync(new Uri(Stack.Local.Url + "/api/models"), Token);

        Assert.Equal(HttpStatusCode.Unauthorized, anonymous.StatusCode);
        await Stack.PredictAsync(Name, 1, SmallData.Row);
    }

    private async Task RefusedAsync(string model, string body, params HttpStatusCode[] expected)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        HttpResponseMessage answer;
        try
        {
            answer = await Stack.Http.PostAsync($"api/models/{model}/predict", content, Token);
        }
        catch (HttpRequestException cut) when (expected.Contains(HttpStatusCode.RequestEntityTooLarge))
        {
            // The server may answer and close before it has read all of it; then the sender's pipe breaks first.
            TestContext.Current.SendDiagnosticMessage($"cut off: {cut.Message}");
            return;
        }

        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Token);
            Assert.True(expected.Contains(answer.StatusCode), $"{answer.StatusCode}: {text}");
            Assert.NotEmpty(JsonDocument.Parse(text).RootElement.GetProperty("error").GetString()!);
        }
    }

    private async Task<int> HammerAsync(string model, CancellationTokenSource stop)
    {
        var answered = 0;
        while (!stop.IsCancellationRequested)
        {
            using var content = new StringContent(SmallData.Row, Encoding.UTF8, "application/json");
            // Without the token: a request that has begun is to be answered.
            using var answer = await Stack.Http.PostAsync($"api/models/{model}/predict", content, CancellationToken.None);
            Assert.True(
                answer.IsSuccessStatusCode,
                $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync(CancellationToken.None)}"
            );
            answered++;
        }

        return answered;
    }
}
