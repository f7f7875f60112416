using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Tests.Definitions;

public sealed class DefinitionReaderTests : DefinitionTest
{
    [Fact]
    public void Read_EveryKey_FillsTheDefinition()
    {
        var definition = Accepted(
            """
            name: machine-failure
            data:
              target: Machine failure
              task: binary
              positive: 1
              ignore: [UDI, Product ID]
              missing: ["?", -999]
              delimiter: "\t"
              split: { train: 0.6, validation: 0.2, test: 0.2, by: time, column: at }
            expectations:
              - { column: "Torque [Nm]", between: [0, null], mostly: 0.99 }
              - column: Type
                in: [L, M, H, 1]
                warn: true
              - { rowsBetween: [100, 1e6] }
            training:
              trainers:
                - lightgbm: { rounds: 300, leaves: 15, learningRate: .05, classWeight: balanced }
                - lightgbm:
              seed: 7
              compute: { sku: Standard_NC4as_T4_v3, spot: false, maxInstances: 4 }
            gate: { metric: logLoss, atMost: 0.2, beatChampionBy: -0.01, approval: true, approvalTimeout: 90m }
            deployment: { strategy: direct }
            monitoring: { alertAbove: 0.9, drift: { psi: 0.1 }, window: 6h, retrain: true }
            """
        );

        var monitoring = new MonitoringDefinition
        {
            AlertAbove = 0.9,
            Drift = new() { Psi = 0.1 },
            Window = TimeSpan.FromHours(6),
            Retrain = true,
        };
        Assert.Equal(monitoring, definition.Monitoring);
        Assert.Equal("machine-failure", definition.Name);
        Assert.Equal("Machine failure", definition.Data.Target);
        Assert.Equal(PredictionTask.Binary, definition.Data.Task);
        Assert.Equal("1", definition.Data.Positive);
        Assert.Equal(["UDI", "Product ID"], definition.Data.Ignore);
        Assert.Equal(["?", "-999"], definition.Data.Missing!);
        Assert.Equal("\t", definition.Data.Delimiter);
        Assert.Equal(SplitBy.Time, definition.Data.Split.By);
        Assert.Equal("at", definition.Data.Split.Column);
        Assert.Equal([0, null], definition.Expectations[0].Between!);
        Assert.Equal(0.99, definition.Expectations[0].Mostly);
        Assert.Equal(["L", "M", "H", "1"], definition.Expectations[1].In!);
        Assert.True(definition.Expectations[1].Warn);
        Assert.Equal(12, definition.Expectations[1].Line);
        Assert.Equal([100, 1_000_000], definition.Expectations[2].RowsBetween!);
        Assert.Equal(0.05, definition.Training.Trainers[0].LightGbm!.LearningRate);
        Assert.Equal(ClassWeight.Balanced, definition.Training.Trainers[0].LightGbm!.ClassWeight);
        Assert.Equal(new LightGbmSettings(), definition.Training.Trainers[1].LightGbm);
        Assert.Equal(7, definition.Training.Seed);
        Assert.False(definition.Training.Compute.Spot);
        Assert.Equal(TimeSpan.FromMinutes(90), definition.Gate.ApprovalTimeout);
    }

    [Fact]
    public void Read_LeastOfKeys_TakesDefaults()
    {
        var definition = Accepted(Minimal);

        Assert.Equal(new SplitDefinition(), definition.Data.Split);
        Assert.Equal(new LightGbmSettings(), Assert.Single(definition.Training.Trainers).LightGbm);
        Assert.Equal(new GateDefinition(), definition.Gate);
    }

    [Fact]
    public void Read_TestFile_LeavesOutTheTestShare()
    {
        var definition = Accepted("name: adult\ndata: { target: income, task: binary, test: adult-test.csv }");

        Assert.Equal((0.85, 0.15, 0), (definition.Data.Split.Train, definition.Data.Split.Validation, definition.Data.Split.Test));
    }

    [Fact]
    public void Read_TimeoutWithoutApproval_Warns()
    {
        var reading = DefinitionReader.Read(Minimal + "gate: { approvalTimeout: 2h }\n");

        Assert.NotNull(reading.Definition);
        Assert.Equal("gate.approvalTimeout", Assert.Single(reading.Warnings).Path);
    }

    private static PipelineDefinition Accepted(string yaml)
    {
        var reading = DefinitionReader.Read(yaml);
        Assert.True(reading.Definition is not null, string.Join('\n', reading.Mistakes));
        return reading.Definition;
    }
}
