using System.Text;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Definitions.Drafting;
using Serverless.Pipeline.Tests.Datasets;
using Serverless.Samples.MachineFailure;
using Serverless.Testing;

namespace Serverless.Pipeline.Tests.Definitions;

public sealed class DefinitionDraftTests : IDisposable
{
    private readonly TestFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task FromFile_Sample_FindsTaskIdsAndLeaks()
    {
        using (var writer = new StreamWriter(folder.File("Machine Failure (1).csv")))
        {
            new MachineFailureGenerator(7).WriteCsv(writer, 20_000);
        }

        var yaml = await DefinitionDraft.FromFileAsync(folder.File("Machine Failure (1).csv"), "Machine failure", null, Token);

        var definition = Read(yaml);
        Assert.Equal("machine-failure-1", definition.Name);
        Assert.Equal(PredictionTask.Binary, definition.Data.Task);
        foreach (var column in new[] { "UDI", "Product ID", "TWF", "HDF", "PWF", "OSF" })
        {
            Assert.Contains(column, definition.Data.Ignore);
        }

        Assert.DoesNotContain("Torque [Nm]", definition.Data.Ignore);
        Assert.Contains(definition.Expectations, expectation => expectation.Column == "Type" && expectation.In!.Count == 3);
        Assert.Contains("# ", yaml, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("adult-train.csv", "income", PredictionTask.Binary)]
    [InlineData("california-housing.csv", "medianHouseValue", PredictionTask.Regression)]
    [InlineData("optdigits-train.csv", "digit", PredictionTask.Multiclass)]
    public async Task FromFile_RealData_FindsTheTask(string file, string target, PredictionTask task) =>
        Assert.Equal(task, Read(await DefinitionDraft.FromFileAsync(SharedData.Require(file), target, null, Token)).Data.Task);

    [Fact]
    public async Task FromFile_StrangeNames_AreQuoted()
    {
        var csv = new StringBuilder("\"a: b # c\",\"say \"\"hi\"\"\",\"no\",\"líne\nbreak\",y\n");
        for (var row = 0; row < 100; row++)
        {
            csv.Append($"{row % 7}.5,\"{(row % 2 == 0 ? "null" : "- x: [")}\",{row % 3},\"{row % 5}\",{(row % 3 == 0 ? "yes" : "no")}\n");
        }

        var definition = Read(await DefinitionDraft.FromFileAsync(folder.Write("x.csv", csv.ToString()), "y", "strange", Token));

        Assert.Equal("strange", definition.Name);
        Assert.Contains(definition.Expectations, expectation => expectation.Column == "say \"hi\"" && expectation.In!.Contains("- x: ["));
    }

    [Fact]
    public async Task FromFile_WrongTarget_Suggests()
    {
        var path = folder.Write("x.csv", IngestionRig.Csv(50));

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => DefinitionDraft.FromFileAsync(path, "knid", null, Token));

        Assert.Contains("Did you mean 'kind'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("My Data (2).csv.gz", "my-data-2")]
    [InlineData("x.csv", "pipeline-x")]
    [InlineData("__.csv", "pipeline")]
    public void PipelineName_OfAFile_IsValid(string file, string expected) => Assert.Equal(expected, DefinitionDraft.PipelineName(file));

    private static PipelineDefinition Read(string yaml)
    {
        var reading = DefinitionReader.Read(yaml);
        Assert.True(reading.Definition is not null, string.Join('\n', reading.Mistakes) + "\n" + yaml);
        return reading.Definition;
    }
}
