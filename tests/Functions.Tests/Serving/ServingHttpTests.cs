using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Serverless.Testing;
using Serverless.Testing.Serving;

namespace Serverless.Functions.Tests.Serving;

public sealed class ServingHttpTests : IAsyncLifetime
{
    private const string Row = """[{"Type":"H","Torque [Nm]":50}]""";
    private const string Inputs =
        """{"id":"7","inputs":[{"name":"Type","shape":[1,1],"datatype":"BYTES","data":["H"]},{"name":"Torque [Nm]","shape":[1,1],"datatype":"FP64","data":[50]}]}""";

    private readonly FakeModels models = new();
    private ServingApp? app;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HttpClient Client => app!.Client;

    public async ValueTask InitializeAsync()
    {
        models.Register("failures", 1, TinyModel.Binary(bias: -100));
        models.Deploy("failures", 2, TinyModel.Binary());
        app = await ServingApp.StartAsync(models, Token);
    }

    public ValueTask DisposeAsync() => app!.DisposeAsync();

    [Fact]
    public async Task Predict_AtStart_AnswersTheFirstRequest()
    {
        var (status, json) = await Post("/api/models/failures/predict", Row);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((2, 1), ((int)json["version"]!, (int)json["predictions"]![0]!["prediction"]!));
    }

    [Fact]
    public async Task Predict_QueryOptions_AreRead()
    {
        var (_, first) = await Post("/api/models/failures/predict?version=1", Row);
        var (strict, _) = await Post("/api/models/failures/predict?strict=true", """[{"UDI":1}]""");
        var (unknown, error) = await Post("/api/models/nobody/predict", Row);

        Assert.Equal(0, (int)first["predictions"]![0]!["prediction"]!);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (strict, unknown));
        Assert.Contains("no model 'nobody'", (string)error["error"]!);
    }

    [Fact]
    public async Task Infer_WithAndWithoutVersion_Answers()
    {
        var (_, champion) = await Post("/v2/models/failures/infer", Inputs);
        var (_, first) = await Post("/v2/models/failures/versions/1/infer", Inputs);

        Assert.Equal(("2", "7", "1"), ((string)champion["model_version"]!, (string)champion["id"]!, Label(champion)));
        Assert.Equal(("1", "0"), ((string)first["model_version"]!, Label(first)));
    }

    [Fact]
    public async Task Infer_BinaryHeader_IsRefused()
    {
        using var content = new StringContent(Inputs, Encoding.UTF8, "application/json");
        content.Headers.Add("Inference-Header-Content-Length", "5");
        using var answer = await Client.PostAsync("/v2/models/failures/infer", content, Token);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/v2", HttpStatusCode.OK, "serverless")]
    [InlineData("/v2/models/failures", HttpStatusCode.OK, "onnx_onnxv1")]
    [InlineData("/v2/models/failures/versions/1", HttpStatusCode.OK, "failures-run1")]
    [InlineData("/v2/models/failures/versions/9", HttpStatusCode.NotFound, "no version 9")]
    [InlineData("/v2/models/failures/versions/x", HttpStatusCode.BadRequest, "expected a number")]
    [InlineData("/v2/models/failures/ready", HttpStatusCode.OK, "\"ready\":true")]
    [InlineData("/v2/models/failures/versions/1/ready", HttpStatusCode.OK, "\"ready\":true")]
    [InlineData("/v2/models/nobody/ready", HttpStatusCode.NotFound, "no model 'nobody'")]
    public async Task Get_Metadata_Answers(string path, HttpStatusCode status, string contains)
    {
        using var answer = await Client.GetAsync(path, Token);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains(contains, await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Health_WithoutKey_AnswersAndTheRestDoesNot()
    {
        using var anonymous = new HttpClient { BaseAddress = Client.BaseAddress };
        await Eventually.HoldsAsync(
            async () => (await anonymous.GetAsync("/v2/health/ready", Token)).StatusCode == HttpStatusCode.OK,
            "readiness",
            Token
        );

        Assert.Equal("""{"live":true}""", await anonymous.GetStringAsync("/v2/health/live", Token));
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync("/v2/models/failures", Token)).StatusCode);
        using var row = new StringContent(Row);
        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.PostAsync("/api/models/failures/predict", row, Token)).StatusCode);
    }

    [Fact]
    public async Task Deployment_WhileRequestsRun_IsSeenWithoutAFailure()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var callers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => CallUntil(stop.Token), Token)).ToArray();
        for (var version = 3; version < 6; version++)
        {
            models.Deploy("failures", version, TinyModel.Binary());
            var wanted = version;
            await Eventually.HoldsAsync(
                async () => (int)(await Post("/api/models/failures/predict", Row)).Json["version"]! == wanted,
                $"version {wanted}",
                Token
            );
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
    }

    private async Task CallUntil(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (status, json) = await Post("/api/models/failures/predict", Row);
            Assert.True(status == HttpStatusCode.OK, json.ToJsonString());
        }
    }

    private static string Label(JsonNode json) => (string)json["outputs"]![0]!["data"]![0]!;

    private async Task<(HttpStatusCode Status, JsonNode Json)> Post(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Client.PostAsync(path, content, Token);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!);
    }
}
