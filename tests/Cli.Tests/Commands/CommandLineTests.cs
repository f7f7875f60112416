using Serverless.Testing;

namespace Serverless.Cli.Tests.Commands;

/// <summary>The program as people start it.</summary>
public sealed class CommandLineTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("runs", "Start the stack with 'serverless up'")]
    [InlineData("runs --url ftp://example.org", "expected an address such as https://")]
    [InlineData("models --url http://127.0.0.1:1", "does not answer")]
    [InlineData("predict a", "Start the stack")]
    [InlineData("predict a --url http://127.0.0.1:1 --row {Type:L}", "--row is '{Type:L}'; expected JSON such as '{\"column\": 1}'")]
    [InlineData("init nothing.csv --target a", "is not there; expected a CSV or Parquet file")]
    [InlineData("demo --rows 5", "--rows is 5; expected 1,000 or more")]
    [InlineData("validate nothing.yaml", "is not there; expected a pipeline.yaml")]
    [InlineData("estimate nothing.bicepparam", "is not there; expected a parameter file")]
    [InlineData("estimate --runs -1", "--runs is -1; expected 0 or more")]
    [InlineData("doctor --settings nothing.json", "is not there; expected the output of 'az functionapp")]
    [InlineData("sample a.csv --rows 5", "--rows is 5; expected 1,000 or more")]
    [InlineData("evict", "only workers of a local one can be evicted")]
    [InlineData("evict --notice soon", "--notice is 'soon'; expected a number with s, m, h or d")]
    [InlineData("demmo", "demo")]
    public async Task WrongCommand_IsOneMessageAndCode1(string command, string said)
    {
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(folder, command.Split(' '));

        Assert.Equal(1, code);
        Assert.Contains(said, output);
        Assert.DoesNotContain("   at ", output);
    }

    [Fact]
    public async Task Init_OnAFile_WritesADefinitionOnce()
    {
        using var folder = new TestFolder();
        var rows = string.Concat(
            Enumerable.Range(0, 200).Select(row => $"{row % 17}.5,{(row % 3 == 0 ? "red" : "blue")},{(row % 17 > 8 ? 1 : 0)}\n")
        );
        folder.Write("My Cars.csv", "speed,colour,fast\n" + rows);

        var first = await CommandLine.RunAsync(folder, "init", "My Cars.csv", "--target", "fast");
        var second = await CommandLine.RunAsync(folder, "init", "My Cars.csv", "--target", "fast");

        Assert.Equal(0, first.Code);
        Assert.Contains("name: my-cars", await File.ReadAllTextAsync(folder.File("pipeline.yaml"), Token));
        Assert.Equal(1, second.Code);
        Assert.Contains("not overwritten", second.Output);
    }

    [Fact]
    public async Task Help_NamesEveryCommand()
    {
        using var folder = new TestFolder();

        var (code, output) = await CommandLine.RunAsync(folder, "--help");

        Assert.Equal(0, code);
        Assert.All(
            [
                "demo",
                "up",
                "evict",
                "init",
                "run",
                "runs",
                "logs",
                "approve",
                "reject",
                "cancel",
                "models",
                "promote",
                "predict",
                "validate",
                "estimate",
                "prices",
                "doctor",
            ],
            command => Assert.Contains($"  {command} ", output)
        );
    }
}
