using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Tests.Definitions;

public sealed class DefinitionReaderTests
{
    private const string Special = "{}[]:,-#&*!|>'\"%@`\t\n a0~";

    private const string Minimal = "name: prices\ndata: { target: price, task: regression }\n";

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

    [Theory]
    // Typos: line and column of the key or value itself.
    [InlineData("nmae: prices\n", 1, 1, "", "Found key 'nmae'", "Did you mean 'name'?")]
    [InlineData(Minimal + "gate:\n  metrik: rmse\n", 4, 3, "gate", "Found key 'metrik'", "Did you mean 'metric'?")]
    [InlineData(Minimal + "gate: { metric: rsme }\n", 3, 17, "gate.metric", "Found 'rsme'", "Did you mean 'rmse'?")]
    [InlineData(
        "name: prices\ndata: { target: price, task: regresion }\n",
        2,
        30,
        "data.task",
        "Found 'regresion'",
        "Did you mean 'regression'?"
    )]
    [InlineData(
        Minimal + "training:\n  trainers:\n    - lightgmb: {}\n",
        5,
        7,
        "training.trainers[0]",
        "Found key 'lightgmb'",
        "Did you mean 'lightgbm'?"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ lightgbm: { learning_rate: 0.1 } }] }\n",
        3,
        38,
        "training.trainers[0].lightgbm",
        "'learning_rate'",
        "Did you mean 'learningRate'?"
    )]
    [InlineData(Minimal + "monitoring: { window: 5m }\n", 3, 15, "monitoring.window", "0:05:00", "such as 1h")]
    [InlineData(Minimal + "monitoring: { drift: { psi: 0 } }\n", 3, 29, "monitoring.drift.psi", "0", "")]
    // Several workers: one LightGBM, and as many machines.
    [InlineData(
        Minimal + "training: { compute: { workers: 3 } }\n",
        3,
        24,
        "training.compute.workers",
        "Found 3 workers with maxInstances 1",
        "Set maxInstances: 3"
    )]
    [InlineData(
        Minimal + "training: { compute: { workers: 3, maxInstances: 2 } }\n",
        3,
        24,
        "training.compute.workers",
        "Found 3 workers with maxInstances 2",
        "Set maxInstances: 3"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ torch: {} }], compute: { workers: 2, maxInstances: 2 } }\n",
        3,
        51,
        "training.compute.workers",
        "Found 2 workers for other trainers than one lightgbm",
        "Remove the key"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ lightgbm: {} }, { lightgbm: { leaves: 15 } }], compute: { workers: 2, maxInstances: 2 } }\n",
        3,
        84,
        "training.compute.workers",
        "expected a single lightgbm trainer",
        "Remove the key"
    )]
    [InlineData(Minimal + "training: { compute: { workers: 65, maxInstances: 100 } }\n", 3, 33, "training.compute.workers", "65", "")]
    [InlineData(Minimal + "training: { compute: { workers: 0 } }\n", 3, 33, "training.compute.workers", "0", "")]
    // Not in this version.
    [InlineData(
        "name: failures\ndata: { target: fails, task: binary }\nmonitoring: { alertAbove: 1.5 }\n",
        3,
        15,
        "monitoring.alertAbove",
        "1.5",
        "such as 0.8"
    )]
    [InlineData(Minimal + "deployment: { strategy: canary }\n", 3, 25, "deployment.strategy", "'canary' is not available", "Use direct")]
    [InlineData(Minimal + "deployment: { steps: [10, 100] }\n", 3, 15, "deployment", "Canary steps are not available", "Remove the key")]
    [InlineData(
        Minimal + "training: { trainers: [{ pytorch: {} }] }\n",
        3,
        26,
        "training.trainers[0]",
        "is called 'torch' here",
        "Rename the key"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ prophet: {} }] }\n",
        3,
        26,
        "training.trainers[0]",
        "Found key 'prophet'",
        "expected one of lightgbm, torch"
    )]
    // Types and ranges.
    [InlineData("name: prices\n", 1, 1, "", "Found no 'data'", "Add 'data:'")]
    [InlineData("name: 5\ndata: { target: price, task: regression }\n", 1, 7, "name", "the number 5", "Put it in quotes")]
    [InlineData("name: My Pipeline\ndata: { target: price, task: regression }\n", 1, 7, "name", "Found 'My Pipeline'", "lower-case")]
    [InlineData(Minimal + "training: { seed: abc }\n", 3, 19, "training.seed", "the text 'abc'", "a whole number from 0 to 2,147,483,647")]
    [InlineData(Minimal + "training: { seed: 1.5 }\n", 3, 19, "training.seed", "the number 1.5", "a whole number")]
    [InlineData(
        Minimal + "training: { trainers: [{ lightgbm: { leaves: 1 } }] }\n",
        3,
        46,
        "training.trainers[0].lightgbm.leaves",
        "Found 1",
        "from 2 to 131,072"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ lightgbm: { learningRate: 0 } }] }\n",
        3,
        52,
        "training.trainers[0].lightgbm.learningRate",
        "Found 0",
        "above 0, at most 1"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ torch: { dropout: 0.95 } }] }\n",
        3,
        44,
        "training.trainers[0].torch.dropout",
        "Found 0.95",
        "a number from 0 to 0.9"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ torch: { image: { height: 8 } } }] }\n",
        3,
        42,
        "training.trainers[0].torch.image",
        "Found no 'width'",
        "Add 'width:'"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ command: {} }] }\n",
        3,
        35,
        "training.trainers[0].command",
        "Found no 'run'",
        "program and arguments"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ command: { run: [a], grace: 60s } }] }\n",
        3,
        47,
        "training.trainers[0].command.grace",
        "Found 60 s",
        "1s to 25s"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ command: { run: [a], timeout: 5 min } }] }\n",
        3,
        56,
        "training.trainers[0].command.timeout",
        "Found '5 min'",
        "24h"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ command: { run: [a], code: ../b } }] }\n",
        3,
        47,
        "training.trainers[0].command.code",
        "Found '../b'",
        "beside pipeline.yaml"
    )]
    [InlineData(
        Minimal + "training: { trainers: [{ command: { run: [a], parameters: { a-b: 1 } } }] }\n",
        3,
        47,
        "training.trainers[0].command.parameters",
        "Found 'a-b'",
        "letters, digits and underscores"
    )]
    [InlineData(Minimal + "training: { trainers: [] }\n", 3, 23, "training.trainers", "Found 0 items", "1 to 16")]
    [InlineData(
        Minimal + "training: { trainers: [lightgbm] }\n",
        3,
        24,
        "training.trainers[0]",
        "the text 'lightgbm'",
        "keys and values (one of lightgbm, torch, command)"
    )]
    [InlineData(Minimal + "gate: { approval: yes }\n", 3, 19, "gate.approval", "the text 'yes'", "Write true or false")]
    [InlineData(Minimal + "gate: { approval: true, approvalTimeout: 5 min }\n", 3, 42, "gate.approvalTimeout", "Found '5 min'", "24h")]
    [InlineData(Minimal + "gate: { approval: true, approvalTimeout: 60d }\n", 3, 25, "gate.approvalTimeout", "minutes", "1s to 30d")]
    [InlineData(Minimal + "gate:\n", 3, 6, "gate", "Found nothing", "remove the key")]
    [InlineData(Minimal + "gate: [1]\n", 3, 7, "gate", "Found a list", "keys and values")]
    // Rules between keys.
    [InlineData(
        "name: prices\ndata: { target: price, task: regression, ignore: [price] }\n",
        2,
        42,
        "data.ignore",
        "the target 'price'",
        "Take it out"
    )]
    [InlineData(
        "name: prices\ndata: { target: price, task: regression, split: { train: 0.8 } }\n",
        2,
        42,
        "data.split",
        "add up to 1.1",
        "expected 1"
    )]
    [InlineData(
        "name: prices\ndata: { target: price, task: regression, split: { by: time } }\n",
        2,
        42,
        "data.split",
        "without a column",
        "'column:'"
    )]
    [InlineData(
        "name: prices\ndata: { target: price, task: regression, split: { by: stratified } }\n",
        2,
        51,
        "data.split.by",
        "'stratified'",
        "Use hash"
    )]
    [InlineData(
        "name: prices\ndata: { target: price, task: regression, positive: 1 }\n",
        2,
        42,
        "data.positive",
        "a positive class",
        "Remove the key"
    )]
    [InlineData(Minimal + "gate: { metric: auc }\n", 3, 9, "gate.metric", "'auc' for a regression task", "rmse, mae, r2")]
    [InlineData(Minimal + "gate: { atLeast: 3 }\n", 3, 9, "gate.atLeast", "less is better", "Rename the key")]
    [InlineData(Minimal + "expectations:\n  - { column: a }\n", 4, 5, "expectations[0]", "Found no rule", "exactly one of between")]
    [InlineData(
        Minimal + "expectations:\n  - { column: a, notNull: true, unique: true }\n",
        4,
        5,
        "expectations[0]",
        "Found 2 rules",
        "exactly one of"
    )]
    [InlineData(Minimal + "expectations:\n  - { between: [0, 1] }\n", 4, 5, "expectations[0]", "Found no column", "'column:'")]
    [InlineData(
        Minimal + "expectations:\n  - { column: a, between: [2, 1] }\n",
        4,
        18,
        "expectations[0].between",
        "Found 2 before 1",
        "Swap"
    )]
    [InlineData(Minimal + "expectations:\n  - { column: a, matches: '(?=x)' }\n", 4, 18, "expectations[0].matches", "(?=x)", "look-around")]
    // Not YAML, or not as a document should be.
    [InlineData("", 1, 1, "", "an empty file", "'name' and 'data'")]
    [InlineData("name: prices\n\tdata: 1\n", 1, 7, "", "not YAML", "no tabs")]
    [InlineData("name: 'prices\n", 1, 7, "", "not YAML", "quotes")]
    [InlineData("name: prices\nname: prices\n", 2, 1, "", "not YAML", "uplicate key")]
    [InlineData("a: &x [1]\nb: *x\n", 2, 4, "", "an alias", "written out")]
    [InlineData("a: 1\n---\nb: 1\n", 2, 1, "", "a second document", "one pipeline a file")]
    [InlineData("- a\n", 1, 1, "", "Found a list", "keys and values")]
    public void Read_Mistake_SaysWhatAndWhere(string yaml, long line, long column, string path, string found, string expected)
    {
        var reading = DefinitionReader.Read(yaml);

        Assert.Null(reading.Definition);
        var mistake = reading.Mistakes.FirstOrDefault(mistake => mistake.Message.Contains(found, StringComparison.Ordinal));
        Assert.True(mistake is not null, string.Join('\n', reading.Mistakes));
        Assert.Contains(expected, mistake.Message, StringComparison.Ordinal);
        Assert.Equal((line, column, path), (mistake.Line, mistake.Column, mistake.Path));
    }

    [Fact]
    public void Read_ManyMistakes_ListsAllInOrder()
    {
        var reading = DefinitionReader.Read("nam: x\ndata:\n  taget: y\n  task: binery\ngate: 5\n");

        Assert.Equal([1, 1, 3, 3, 4, 5], reading.Mistakes.Select(mistake => mistake.Line));
    }

    [Fact]
    public void Read_DeepBrackets_IsRefusedWithoutOverflow() =>
        Assert.Contains("levels", DefinitionReader.Read(new string('[', 100_000)).Mistakes[0].Message, StringComparison.Ordinal);

    [Fact]
    public void Read_TooLong_IsRefused() =>
        Assert.Contains("characters", DefinitionReader.Read(new string('#', 300_000)).Mistakes[0].Message, StringComparison.Ordinal);

    [Fact]
    public void Read_RandomDamage_NeverThrows()
    {
        const int seed = 20_260;
        var random = new Random(seed);
        var text =
            Minimal + "expectations:\n  - { column: a, between: [0, null] }\ntraining: { trainers: [{ lightgbm: { rounds: 3 } }] }\n";
        for (var i = 0; i < 2_000; i++)
        {
            var damaged = text.ToCharArray();
            for (var j = 0; j < 3; j++)
            {
                damaged[random.Next(damaged.Length)] = Special[random.Next(Special.Length)];
            }

            var reading = DefinitionReader.Read(new string(damaged));
            Assert.True(reading.Definition is null == reading.Mistakes.Count > 0, $"seed {seed}, round {i}");
        }
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
