using System.Text.Json;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Commands;

public sealed class ValidateCommandTests
{
    [Fact]
    public async Task Validate_TheSample_IsValid()
    {
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(
            folder,
            "validate",
            RepositoryRoot.File("samples", "machine-failure", "pipeline.yaml")
        );

        Assert.Equal(0, code);
        Assert.Contains("valid, pipeline machine-failure", output);
    }

    [Fact]
    public async Task Validate_OneGoodAndOneBad_NamesFileLineAndMistakeAndFails()
    {
        using var folder = new TestFolder();
        folder.Write("good.yaml", "name: cars\ndata: { target: price, task: regression }\n");
        folder.Write("bad.yaml", "name: cars\ndata:\n  target: price\n  task: regresion\n");

        var (code, output) = await CommandLine.RunAsync(folder, "validate", "good.yaml", "bad.yaml");
        var (jsonCode, json) = await CommandLine.RunAsync(folder, "validate", "bad.yaml", "--json");

        Assert.Equal(1, code);
        Assert.Contains("good.yaml: valid, pipeline cars", output);
        Assert.Contains("bad.yaml: line 4, column", output);
        Assert.Equal(1, jsonCode);
        var mistake = JsonDocument.Parse(json).RootElement[0].GetProperty("mistakes")[0];
        Assert.Equal("data.task", mistake.GetProperty("path").GetString());
        Assert.Equal(4, mistake.GetProperty("line").GetInt32());
    }
}
