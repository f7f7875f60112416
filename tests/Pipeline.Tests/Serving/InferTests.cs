using System.Text;
using System.Text.Json.Nodes;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Tests.Serving;

public sealed class InferTests : IDisposable
{
    private const string Type = """{"name":"Type","shape":[2,1],"datatype":"BYTES","data":["H","L"]}""";
    private const string Torque = """{"name":"Torque [Nm]","shape":[2,1],"datatype":"FP64","data":[50,10]}""";

    private readonly ServingFixture serving = new();

    public void Dispose() => serving.Dispose();

    [Fact]
    public async Task Infer_Inputs_GivesBothOutputs()
    {
        var (status, json) = await Infer($$"""{"id":"abc","inputs":[{{Type}},{{Torque}}]}""");

        Assert.Equal(200, status);
        Assert.Equal(("failures", "3", "abc"), ((string)json["model_name"]!, (string)json["model_version"]!, (string)json["id"]!));
        Assert.Equal("failures-run3", (string)json["parameters"]!["run_id"]!);
        Assert.Equal("""{"name":"prediction","datatype":"BYTES","shape":[2],"data":["1","0"]}""", json["outputs"]![0]!.ToJsonString());
        Assert.Equal("[2,2]", json["outputs"]![1]!["shape"]!.ToJsonString());
        Assert.Equal(1 / (1 + Math.Exp(-4)), (double)json["outputs"]![1]!["data"]![1]!, 1e-12);
    }

    [Theory]
    [InlineData(
        """{"data":[["H"],["L"]],"datatype":"BYTES","shape":[2,1],"name":"Type"}""",
        """{"name":"Torque [Nm]","shape":[2],"datatype":"INT32","data":[50,10]}"""
    )]
    [InlineData(
        """{"name":"Type","parameters":{"a":{"b":[1]}},"shape":[2,1],"datatype":"BYTES","data":["H","L"]}""",
        """{"name":"Torque [Nm]","shape":[2,1],"datatype":"UINT8","data":[[50],[10]]}"""
    )]
    [InlineData(
        """{"name":"Type","data":["H","L"],"shape":[2,1],"datatype":"BYTES"}""",
        """{"name":"Torque [Nm]","datatype":"FP32","shape":[2,1],"data":[50.0,1e1]}"""
    )]
    public async Task Infer_FormsOfInputs_AnswerAlike(string type, string torque)
    {
        var (_, expected) = await Infer($$"""{"inputs":[{{Type}},{{Torque}}]}""");
        var (status, json) = await Infer($$"""{"parameters":{"x":1},"inputs":[{{torque}},{{type}}]}""");

        Assert.Equal(200, status);
        Assert.Equal(expected["outputs"]![0]!.ToJsonString(), json["outputs"]![0]!.ToJsonString());
        // The last digit may differ from run to run: vector instructions follow the memory's alignment.
        Assert.Equal(Probabilities(expected), Probabilities(json), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Null(json["id"]);
    }

    [Fact]
    public async Task Infer_OutputsNamed_GivesThoseInThatOrder()
    {
        var (_, one) = await Infer($$"""{"outputs":[{"name":"probabilities"}],"inputs":[{{Type}},{{Torque}}]}""");
        var (_, two) = await Infer($$"""{"inputs":[{{Type}},{{Torque}}],"outputs":[{"name":"probabilities"},{"name":"prediction"}]}""");

        Assert.Equal(["probabilities"], Names(one));
        Assert.Equal(["probabilities", "prediction"], Names(two));
    }

    [Fact]
    public async Task Infer_NullData_IsMissing()
    {
        var (status, json) = await Infer(
            """{"inputs":[{"name":"Type","shape":[1,1],"datatype":"BYTES","data":[null]},{"name":"Torque [Nm]","shape":[1,1],"datatype":"FP64","data":[null]}]}"""
        );

        Assert.Equal(200, status);
        Assert.Equal(1 / (1 + Math.Exp(4)), (double)json["outputs"]![1]!["data"]![1]!, 1e-12);
    }

    [Fact]
    public async Task Infer_NoRows_GivesEmptyOutputs()
    {
        var (status, json) = await Infer(
            """{"inputs":[{"name":"Type","shape":[0,1],"datatype":"BYTES","data":[]},{"name":"Torque [Nm]","shape":[0,1],"datatype":"FP64","data":[]}]}"""
        );

        Assert.Equal(200, status);
        Assert.Equal("[0,2]", json["outputs"]![1]!["shape"]!.ToJsonString());
    }

    [Theory]
    [InlineData("FP64", "50.5")]
    [InlineData("FP32", "50.5")]
    [InlineData("INT64", "-9007199254740993")]
    [InlineData("UINT64", "18446744073709551615")]
    [InlineData("INT16", "-32768")]
    [InlineData("UINT16", "65535")]
    [InlineData("UINT32", "4294967295")]
    [InlineData("INT8", "127")]
    [InlineData("BOOL", "true")]
    public async Task Infer_Datatypes_AreRead(string datatype, string value)
    {
        var (status, json) = await Infer(Number(datatype, value));

        Assert.True(status == 200, json.ToJsonString());
    }

    [Theory]
    [InlineData("INT8", "128", "an integer from -128 to 127")]
    [InlineData("UINT8", "-1", "an integer from 0 to 255")]
    [InlineData("INT32", "1.5", "an integer from")]
    [InlineData("UINT64", "18446744073709551616", "an integer from")]
    [InlineData("BOOL", "1", "true or false")]
    [InlineData("FP64", "\"12.5\"", "found text \"12.5\"; FP64 takes a number")]
    [InlineData("FP64", "true", "found true")]
    [InlineData("FP64", "{}", "found an object")]
    [InlineData("FP64", "1e999", "in range")]
    [InlineData("FP32", "1e300", "in range")]
    [InlineData("FP16", "1", "FP16 has no form in JSON")]
    [InlineData("FP8", "1", "datatype 'FP8' is unknown; expected BOOL")]
    [InlineData("BYTES", "\"1\"", "is sent as BYTES; expected FP64")]
    public async Task Infer_WrongData_SaysWhatWasExpected(string datatype, string value, string expected)
    {
        var (status, json) = await Infer(Number(datatype, value));

        Assert.Equal(400, status);
        Assert.Contains(expected, (string)json["error"]!);
    }

    [Theory]
    [InlineData("{}", "has no \"inputs\"")]
    [InlineData("[]", "Found an array where the request should be; expected an object")]
    [InlineData("{\"inputs\":5}", "Found 5 where \"inputs\" should be")]
    [InlineData("{\"inputs\":[1]}", "Found 1 where an element of \"inputs\"")]
    [InlineData("{\"inputs\":[]}", "2 of 2 inputs are missing: 'Type' (BYTES), 'Torque [Nm]' (FP64)")]
    [InlineData("{\"input\":[]}", "property \"input\"")]
    [InlineData("{\"id\":5,\"inputs\":[]}", "Found 5 where \"id\" should be; expected text")]
    [InlineData("{\"inputs\":[T]}", "1 of 2 inputs are missing: 'Torque [Nm]'")]
    [InlineData("{\"inputs\":[T,T]}", "'Type' is there twice")]
    [InlineData(
        "{\"inputs\":[T,N],\"outputs\":[{\"name\":\"x\"}]}",
        "Output 'x' is none of the model's; expected prediction or probabilities"
    )]
    [InlineData("{\"inputs\":[T,N],\"outputs\":[{}]}", "An output has no \"name\"")]
    [InlineData("{\"inputs\":[T,N],\"parameters\":{\"binary_data_output\":true}}", "binary data extension")]
    [InlineData(
        "{\"inputs\":[{\"name\":\"Type\",\"shape\":[2,1],\"datatype\":\"BYTES\",\"parameters\":{\"binary_data_size\":3}}]}",
        "binary data extension"
    )]
    [InlineData(
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}",
        "Input 'x' is none of the model's; expected 'Type', 'Torque [Nm]'."
    )]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[1],\"datatype\":\"BYTES\"}]}", "Input 'Type' has no \"data\"")]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"datatype\":\"BYTES\",\"data\":[]}]}", "Input 'Type' has no \"shape\"")]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[1],\"data\":[]}]}", "Input 'Type' has no \"datatype\"")]
    [InlineData("{\"inputs\":[{\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[]}]}", "has no \"name\"")]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[1,2],\"datatype\":\"BYTES\",\"data\":[]}]}", "shape [1, 2]; expected [N, 1]")]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[-1],\"datatype\":\"BYTES\",\"data\":[]}]}", "shape [-1]; expected")]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[1.5],\"datatype\":\"BYTES\",\"data\":[]}]}", "expected integers")]
    [InlineData(
        "{\"inputs\":[{\"name\":\"Type\",\"shape\":[3],\"datatype\":\"BYTES\",\"data\":[\"L\"]}]}",
        "has 1 values; its shape says 3"
    )]
    [InlineData(
        "{\"inputs\":[{\"name\":\"Type\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"L\",\"M\"]}]}",
        "more values than its shape says: 1"
    )]
    [InlineData("{\"inputs\":[{\"name\":\"Type\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}", "is sent as FP64; expected BYTES")]
    [InlineData(
        "{\"inputs\":[T,{\"name\":\"Torque [Nm]\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]}]}",
        "has 1 rows, the inputs before it 2"
    )]
    [InlineData("{\"inputs\":[T,N]", "not valid JSON")]
    public async Task Infer_BadRequest_SaysWhatAndWhere(string body, string expected)
    {
        var (status, json) = await Infer(
            body.Replace("[T", "[" + Type).Replace(",T]", "," + Type + "]").Replace(",N]", "," + Torque + "]")
        );

        Assert.Equal(400, status);
        Assert.Contains(expected, (string)json["error"]!);
    }

    [Fact]
    public async Task Infer_TooManyRows_Is413()
    {
        using var small = new ServingFixture(new ServingOptions { MaxRows = 1 });

        var (status, _) = await small.InferAsync("failures", Encoding.UTF8.GetBytes($$"""{"inputs":[{{Type}},{{Torque}}]}"""));

        Assert.Equal(413, status);
    }

    [Fact]
    public async Task Infer_Regression_GivesNumbers()
    {
        string Input(string name, string value) => $$"""{"name":"{{name}}","shape":[1,1],"datatype":"FP64","data":[{{value}}]}""";
        var body = $$"""{"inputs":[{{Input("number", "1.5")}},{{Input("integer", "1")}},{{Input("flag", "1")}},{{Input("at", "10")}}]}""";

        var (_, json) = await serving.InferAsync("prices", Encoding.UTF8.GetBytes(body), "1");

        Assert.Equal("""[{"name":"prediction","datatype":"FP64","shape":[1],"data":[16.5]}]""", json["outputs"]!.ToJsonString());
    }

    [Fact]
    public async Task Infer_RandomBytes_NeverFailInside()
    {
        const int Seed = 20260601;
        var random = new Random(Seed);
        var valid = Encoding.UTF8.GetBytes(
            $$"""{"id":"a","outputs":[{"name":"prediction"}],"inputs":[{{Type}},{{Torque}}],"parameters":{} }"""
        );
        for (var i = 0; i < 3000; i++)
        {
            var body = valid.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(32, 256);
            }

            var (status, _) = await serving.InferAsync("failures", body);
            Assert.True(status is 200 or 400 or 413, $"Seed {Seed}, round {i}: {status} for {Convert.ToBase64String(body)}");
        }
    }

    private static double[] Probabilities(JsonNode json) => [.. json["outputs"]![1]!["data"]!.AsArray().Select(value => (double)value!)];

    private static string[] Names(JsonNode json) => [.. json["outputs"]!.AsArray().Select(output => (string)output!["name"]!)];

    private static string Number(string datatype, string value) =>
        $$$"""{"inputs":[{"name":"Type","shape":[1,1],"datatype":"BYTES","data":["L"]},{"name":"Torque [Nm]","shape":[1,1],"datatype":"{{{datatype}}}","data":[{{{value}}}]}]}""";

    private Task<(int Status, JsonNode Json)> Infer(string body) => serving.InferAsync("failures", Encoding.UTF8.GetBytes(body));
}
