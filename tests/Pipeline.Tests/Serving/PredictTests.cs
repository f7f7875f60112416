using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Serverless.Pipeline.Serving;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Serving;

public sealed class PredictTests : IDisposable
{
    private readonly ServingFixture serving = new();

    public void Dispose() => serving.Dispose();

    [Fact]
    public async Task Predict_Row_GivesPredictionProbabilitiesAndOrigin()
    {
        var (status, json) = await Predict("""[{"Type":"H","Torque [Nm]":50}]""");

        Assert.Equal(200, status);
        Assert.Equal(
            """{"model":"failures","version":3,"runId":"failures-run3","dataVersion":"0123456789abcdef"}""",
            new JsonObject(
                json.AsObject()
                    .Where(pair => pair.Key != "predictions")
                    .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))
            ).ToJsonString()
        );
        var row = json["predictions"]![0]!;
        Assert.Equal(1, (int)row["prediction"]!);
        Assert.Equal(1 / (1 + Math.Exp(-4)), (double)row["probability"]!, 1e-12);
        Assert.Equal((double)row["probability"]!, (double)row["probabilities"]!["1"]!);
        Assert.Equal(1, (double)row["probabilities"]!["0"]! + (double)row["probabilities"]!["1"]!, 1e-12);
    }

    [Theory]
    [InlineData("""{"Type":"H","Torque [Nm]":50}""", 1)]
    [InlineData("""{"rows":[{"Type":"H","Torque [Nm]":50},{"Type":"L","Torque [Nm]":0}]}""", 2)]
    [InlineData("""[]""", 0)]
    [InlineData("""{"rows":[]}""", 0)]
    [InlineData("\uFEFF[{\"Type\":\"H\",\"Torque [Nm]\":50}]", 1)]
    public async Task Predict_FormsOfRows_AreAllRead(string body, int rows)
    {
        var (status, json) = await Predict(body);

        Assert.Equal(200, status);
        Assert.Equal(rows, json["predictions"]!.AsArray().Count);
        Assert.Null(json["warnings"]);
    }

    [Fact]
    public async Task Predict_BatchInAnyOrder_EqualsRowsAlone()
    {
        var (_, together) = await Predict(
            """[{"Type":"H","Torque [Nm]":50},{"Torque [Nm]":1.5e1,"Type":"L"},{"Torque [Nm]":null,"Type":null},{"Type":"M","Torque [Nm]":60}]"""
        );
        string[] rows =
        [
            """{"Type":"H","Torque [Nm]":50}""",
            """{"Type":"L","Torque [Nm]":15}""",
            """{"Type":"","Torque [Nm]":"NaN"}""",
            """{"Type":"M","Torque [Nm]":" 60.0 "}""",
        ];
        for (var i = 0; i < rows.Length; i++)
        {
            var (_, alone) = await Predict(rows[i]);
            Assert.Equal((double)alone["predictions"]![0]!["probability"]!, (double)together["predictions"]![i]!["probability"]!, 1e-12);
        }
    }

    [Fact]
    public async Task Predict_ManyRows_GrowsItsColumns()
    {
        var body = new JsonArray([.. Enumerable.Range(0, 999).Select(i => new JsonObject { ["Type"] = "L", ["Torque [Nm]"] = i % 100 })]);

        var (status, json) = await Predict(body.ToJsonString());

        Assert.Equal(200, status);
        var predictions = json["predictions"]!.AsArray();
        Assert.Equal(999, predictions.Count);
        Assert.All(predictions, (row, i) => Assert.Equal(i % 100 > 30 ? 1 : 0, (int)row!["prediction"]!));
    }

    [Fact]
    public async Task Predict_OddRows_AnswersWithWarnings()
    {
        var (status, json) = await Predict(
            """[{"Type":"X","UDI":{"a":[1]},"Torque [Nm]":1},{"Type":"Y","UDI":2,"Machine failure":0},{"Type":"L","Torque [Nm]":3}]"""
        );

        Assert.Equal(200, status);
        string[] warnings = [.. json["warnings"]!.AsArray().Select(warning => (string)warning!)];
        Assert.Equal(
            [
                "Column 'UDI' is none of the model's; it was ignored in 2 rows.",
                "Column 'Machine failure' is what the model predicts; it was ignored in 1 row.",
                "Column 'Type' has a category that the model was not trained on in 2 rows, first 'X' in row 1; it counts as unknown.",
                "Column 'Torque [Nm]' (Number) is not in 1 row; it counts as a missing value.",
            ],
            warnings
        );
    }

    [Fact]
    public async Task Predict_Strict_MakesWarningsErrors()
    {
        var (status, json) = await Predict("""[{"Type":"X","UDI":1}]""", strict: true);

        Assert.Equal(400, status);
        Assert.Equal(3, json["errors"]!.AsArray().Count);
        Assert.StartsWith("Column 'UDI'", (string)json["error"]!);
        Assert.Equal(200, (await Predict("""[{"Type":null,"Torque [Nm]":1}]""", strict: true)).Status);
    }

    [Theory]
    [InlineData("", "not valid JSON, line 1, position 1")]
    [InlineData("[{\"Type\":\"L\",\n \"Torque [Nm]\": 1,}]", "not valid JSON, line 2, position 19")]
    [InlineData("[{\"Type\":\"L\"}] x", "not valid JSON, line 1, position 16")]
    [InlineData("[{\"Type\":\"L\"}", "not valid JSON")]
    [InlineData("[{\"Torque [Nm]\":NaN}]", "not valid JSON, line 1, position 17")]
    [InlineData("5", "The body is 5; expected rows")]
    [InlineData("null", "The body is null; expected rows")]
    [InlineData("[1]", "Row 1 is 1; expected an object")]
    [InlineData("[[1]]", "Row 1 is an array; expected an object")]
    [InlineData("{\"rows\":5}", "\"rows\" is 5; expected an array of objects")]
    [InlineData("{\"rows\":[],\"x\":1}", "\"x\" stands beside \"rows\"")]
    [InlineData("[{\"Torque [Nm]\":\"12,5\"}]", "Row 1, column 'Torque [Nm]': found text \"12,5\"; expected a number")]
    [InlineData("[{\"Torque [Nm]\":\"abc\"}]", "found text \"abc\"; expected a number, or null where it is missing")]
    [InlineData("[{\"Torque [Nm]\":true}]", "found true; expected a number")]
    [InlineData("[{\"Torque [Nm]\":[1]}]", "found an array; expected a number")]
    [InlineData("[{\"Torque [Nm]\":1e999}]", "found 1e999; expected a number")]
    [InlineData("[{\"Torque [Nm]\":\"Infinity\"}]", "found text \"Infinity\"; expected a number")]
    [InlineData("[{\"Type\":{\"a\":1}}]", "Row 1, column 'Type': found an object; expected text")]
    [InlineData("[{\"Type\":\"L\",\"Type\":\"M\"}]", "Row 1: column 'Type' is there twice")]
    public async Task Predict_BadBody_SaysWhatAndWhere(string body, string expected)
    {
        var (status, json) = await Predict(body);

        Assert.Equal(400, status);
        Assert.Contains(expected, (string)json["error"]!);
    }

    [Fact]
    public async Task Predict_ManyBadValues_TellsSomeOfThem()
    {
        var (status, json) = await Predict("[" + string.Join(",", Enumerable.Repeat("""{"Torque [Nm]":"x"}""", 100)) + "]");

        Assert.Equal(400, status);
        Assert.Equal(20, json["errors"]!.AsArray().Count);
        Assert.StartsWith("Row 20,", (string)json["errors"]![19]!);
    }

    [Theory]
    [InlineData("[{\"Type\":\"\xff\xfe\"}]")]
    [InlineData("[{\"\xff\":1}]")]
    [InlineData("[{\"Torque [Nm]\":\"\xff\"}]")]
    public async Task Predict_NoUtf8_SaysSo(string latin1)
    {
        var (status, json) = await serving.PredictAsync("failures", Encoding.Latin1.GetBytes(latin1));

        Assert.Equal(400, status);
        Assert.Contains("UTF-8", (string)json["error"]!);
    }

    [Fact]
    public async Task Predict_ScalarsInTextColumn_AreTheirText()
    {
        var (_, asNumber) = await Predict("""[{"Type":12,"Torque [Nm]":1},{"Type":true,"Torque [Nm]":1}]""");

        Assert.Contains("first '12' in row 1", (string)asNumber["warnings"]![0]!);
    }

    [Theory]
    [InlineData("""{"number":1,"integer":"2","flag":true,"at":"1970-01-01T00:01:40Z"}""", 108)]
    [InlineData("""{"number":-1.5,"integer":2.5,"flag":"False","at":100}""", 103.5)]
    [InlineData("""{"number":0,"integer":0,"flag":1,"at":"1970-01-02"}""", 86403)]
    [InlineData("""{"number":0,"integer":0,"flag":"0","at":"1970-01-01 02:00:00+01:00"}""", 3600)]
    [InlineData("""{"number":0,"integer":0,"flag":null,"at":"1970-01-01T00:00:01.5"}""", 1.5)]
    public async Task Predict_TypedColumns_AreConverted(string row, double expected)
    {
        var (status, json) = await serving.PredictAsync("prices", Encoding.UTF8.GetBytes(row));

        Assert.Equal((200, expected), (status, (double)json["predictions"]![0]!["prediction"]!));
        Assert.Null(json["predictions"]![0]!["probabilities"]);
    }

    [Theory]
    [InlineData("""{"flag":2}""", "expected true, false, 0 or 1")]
    [InlineData("""{"flag":"yes"}""", "expected true, false, 0 or 1")]
    [InlineData("""{"at":"31.05.2026"}""", "expected a time as ISO 8601")]
    [InlineData("""{"at":"03/04/2026"}""", "expected a time as ISO 8601")]
    [InlineData("""{"at":"2026-13-01"}""", "expected a time as ISO 8601")]
    public async Task Predict_WrongTypedColumns_SayWhatWasExpected(string row, string expected)
    {
        var (status, json) = await serving.PredictAsync("prices", Encoding.UTF8.GetBytes(row));

        Assert.Equal(400, status);
        Assert.Contains(expected, (string)json["error"]!);
    }

    [Fact]
    public async Task Predict_TextClasses_AreText()
    {
        var (_, json) = await serving.PredictAsync("letters", """[{"letter seen":"c"},{"letter seen":"b"}]"""u8.ToArray());

        Assert.Equal("c", (string)json["predictions"]![0]!["prediction"]!);
        Assert.Null(json["predictions"]![0]!["probability"]);
        Assert.Equal(["a", "b", "c"], json["predictions"]![1]!["probabilities"]!.AsObject().Select(pair => pair.Key));
    }

    [Fact]
    public async Task Predict_TooMuch_Is413()
    {
        using var small = new ServingFixture(new ServingOptions { MaxRows = 2, MaxBodyBytes = 1024 });
        var rows = await small.PredictAsync("failures", "[{},{},{}]"u8.ToArray());
        var bytes = await small.PredictAsync("failures", new byte[1025]);
        var announced = await small.PredictAsync("failures", "[]"u8.ToArray(), length: 5000);

        Assert.Equal((413, 413, 413), (rows.Status, bytes.Status, announced.Status));
        Assert.Contains("more than 2 rows", (string)rows.Json["error"]!);
        Assert.Contains("more than 1,024 bytes", (string)bytes.Json["error"]!);
    }

    [Fact]
    public async Task Predict_Version_IsAnsweredByIt()
    {
        var (_, old) = await serving.PredictAsync("failures", "[]"u8.ToArray(), version: "2");
        var none = await serving.PredictAsync("failures", "[]"u8.ToArray(), version: "99");
        var odd = await serving.PredictAsync("failures", "[]"u8.ToArray(), version: "latest");

        Assert.Equal(2, (int)old["version"]!);
        Assert.Equal((404, 400), (none.Status, odd.Status));
    }

    [Fact]
    public async Task Predict_RandomBytes_NeverFailInside()
    {
        const int Seed = 20260531;
        var random = new Random(Seed);
        var valid = """[{"Type":"H","Torque [Nm]":50,"UDI":[1,{"a":null}]},{"Type":"é","Torque [Nm]":"1"}]"""u8.ToArray();
        for (var i = 0; i < 3000; i++)
        {
            var body = valid.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                body[random.Next(body.Length)] = (byte)random.Next(256);
            }

            var (status, _) = await serving.PredictAsync("failures", body[..random.Next(body.Length + 1)]);
            Assert.True(status is 200 or 400, $"Seed {Seed}, round {i}: {status} for {Convert.ToBase64String(body)}");
        }
    }

    private Task<(int Status, JsonNode Json)> Predict(string body, bool strict = false) =>
        serving.PredictAsync("failures", Encoding.UTF8.GetBytes(body), strict);
}
