using System.Net;
using System.Net.Http.Json;
using Serverless.Pipeline;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Runs;
using Serverless.Testing;

namespace Serverless.Functions.Tests.Api;

public sealed class ApiTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private ApiApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => app = await ApiApp.StartAsync(azurite.ConnectionString, Token);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Theory]
    [InlineData("api/models/No_Such%23Model")]
    [InlineData("api/models/{long}")]
    [InlineData("api/models/{long}/versions/1")]
    [InlineData("api/pipelines/{long}")]
    [InlineData("api/runs/No%23Such%3FRun")]
    [InlineData("api/runs/{long}")]
    [InlineData("api/runs/{long}/report")]
    public async Task Get_NameThatNothingCanHave_Is404(string path)
    {
        var answer = await app.Client.GetAsync(path.Replace("{long}", new string('a', 1100), StringComparison.Ordinal), Token);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.StartsWith("Found no ", (await ErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_FileNameThatIsTooLong_Is400()
    {
        await DefineAsync("long-names");

        var answer = await app.Client.PutAsync($"api/pipelines/long-names/drop/{new string('a', 1100)}", new StringContent("a,y\n"), Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("1,100 characters", (await ErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drop_HeldOutNameThatLeadsOut_Is400()
    {
        await DefineAsync("leads-out");

        var answer = await app.Client.PutAsync(
            $"api/pipelines/leads-out/drop/a.csv?test={Uri.EscapeDataString("../../other/b.csv")}",
            new StringContent("a,y\n"),
            Token
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("without folders", (await ErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_JobWaits_EndsRunAndJob()
    {
        await DefineAsync("cancelled");
        var run = await StartAsync("cancelled");
        var job = await Eventually.GivesAsync(async () => (await RunAsync(run)).JobId, "the job of the run", Token);

        var answer = await app.Client.PostAsync($"api/runs/{run}/cancel", content: null, Token);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var board = new JobBoard(azurite.StorageClients, TimeProvider.System);
        Assert.Equal(JobState.Cancelled, (await board.ReadResultAsync(job, Token))!.State);
        Assert.Equal(RunState.Cancelled, (await RunAsync(run)).State);
        var again = await app.Client.PostAsync($"api/runs/{run}/cancel", content: null, Token);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
    }

    [Fact]
    public async Task Cancel_RightAfterTheDrop_LeavesNoJobToDo()
    {
        await DefineAsync("at-once");
        var run = await StartAsync("at-once");

        var answer = await app.Client.PostAsync($"api/runs/{run}/cancel", content: null, Token);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var ended = await RunAsync(run);
        Assert.Equal(RunState.Cancelled, ended.State);
        if (ended.JobId is { } job)
        {
            var board = new JobBoard(azurite.StorageClients, TimeProvider.System);
            Assert.Equal(JobState.Cancelled, (await board.ReadResultAsync(job, Token))!.State);
        }
    }

    [Fact]
    public async Task Approve_CommentThatNoStatusHolds_Is400()
    {
        var answer = await app.Client.PostAsJsonAsync("api/runs/any/approve", new { comment = new string('x', 20_000) }, Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("20,000", (await ErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    private async Task DefineAsync(string name)
    {
        var yaml = new StringContent($"name: {name}\ndata: {{ target: y, task: regression }}\n");
        (await app.Client.PutAsync($"api/pipelines/{name}", yaml, Token)).EnsureSuccessStatusCode();
    }

    private async Task<string> StartAsync(string pipeline)
    {
        var answer = await app.Client.PutAsync($"api/pipelines/{pipeline}/drop/a.csv", new StringContent("a,y\n1,2\n"), Token);
        return (await answer.Content.ReadFromJsonAsync<DropReceipt>(PipelineJson.Compact, Token))!.RunId!;
    }

    private async Task<RunView> RunAsync(string id) =>
        (await app.Client.GetFromJsonAsync<RunView>($"api/runs/{id}", PipelineJson.Compact, Token))!;

    private static async Task<ApiError> ErrorAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<ApiError>(PipelineJson.Compact, Token))!;
}
