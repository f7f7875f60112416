using Serverless.Pipeline.Serving;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Serving;

public sealed class MetadataTests : IDisposable
{
    private readonly ServingFixture serving = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => serving.Dispose();

    [Fact]
    public void Server_NamesItself()
    {
        var (status, json) = ServingFixture.Read(PredictionService.Server());

        Assert.Equal((200, "serverless"), (status, (string)json["name"]!));
        Assert.Equal("""{"live":true}""", ServingFixture.Read(PredictionService.Live()).Json.ToJsonString());
    }

    [Fact]
    public async Task Model_DescribesInputsAndOutputs()
    {
        var (status, json) = ServingFixture.Read(await serving.Service.ModelAsync("failures", null, Token));

        Assert.Equal(200, status);
        Assert.Equal(("failures", "onnx_onnxv1"), ((string)json["name"]!, (string)json["platform"]!));
        Assert.Equal("""["3"]""", json["versions"]!.ToJsonString());
        Assert.Equal(
            """[{"name":"Type","datatype":"BYTES","shape":[-1,1]},{"name":"Torque [Nm]","datatype":"FP64","shape":[-1,1]}]""",
            json["inputs"]!.ToJsonString()
        );
        Assert.Equal(
            """[{"name":"prediction","datatype":"BYTES","shape":[-1]},{"name":"probabilities","datatype":"FP64","shape":[-1,2]}]""",
            json["outputs"]!.ToJsonString()
        );
        Assert.Equal(3, (int)json["parameters"]!["champion"]!);
    }

    [Fact]
    public async Task Model_NamedVersionOrNone_IsDescribedOr404()
    {
        var (_, second) = ServingFixture.Read(await serving.Service.ModelAsync("failures", "2", Token));
        var (unknownVersion, _) = ServingFixture.Read(await serving.Service.ModelAsync("failures", "9", Token));
        var (unknownModel, _) = ServingFixture.Read(await serving.Service.ModelReadyAsync("nobody", null, Token));

        Assert.Equal(2, (int)second["parameters"]!["version"]!);
        Assert.Equal((404, 404), (unknownVersion, unknownModel));
    }

    [Fact]
    public async Task Model_BrokenSuccessor_IsToldWithTheWorkingOne()
    {
        await serving.Service.ModelReadyAsync("failures", null, Token);
        serving.Models.Register("failures", 4, TinyModel.Binary(), digest: "00");
        serving.Models.Promote("failures", 4);
        await serving.Host.SettleAsync(Token);

        var (status, json) = ServingFixture.Read(await serving.Service.ModelAsync("failures", null, Token));

        Assert.Equal((200, 3), (status, (int)json["parameters"]!["version"]!));
        Assert.StartsWith("Version 4 does not load: model.onnx of failures version 4 has digest", (string)json["parameters"]!["problem"]!);
    }

    [Fact]
    public async Task Ready_StorageGone_Is503WithReason()
    {
        serving.Models.Outage = new IOException("no storage");

        var (status, json) = ServingFixture.Read(await serving.Service.ReadyAsync(Token));

        Assert.Equal(503, status);
        Assert.Equal("""{"ready":false,"reason":"the registry cannot be read"}""", json.ToJsonString());
    }

    [Fact]
    public async Task Ready_AllLoaded_Is200()
    {
        await serving.Host.SettleAsync(Token);

        var (status, json) = ServingFixture.Read(await serving.Service.ReadyAsync(Token));

        Assert.Equal((200, """{"ready":true}"""), (status, json.ToJsonString()));
    }
}
