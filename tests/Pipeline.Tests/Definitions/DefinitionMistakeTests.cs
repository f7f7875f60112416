using Serverless.Pipeline.Definitions;

namespace Serverless.Pipeline.Tests.Definitions;

/// <summary>Mistakes in a definition, but for those of its training section.</summary>
public sealed class DefinitionMistakeTests : DefinitionTest
{
    private const string Special = "{}[]:,-#&*!|>'\"%@`\t\n a0~";

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
    [InlineData(Minimal + "monitoring: { window: 5m }\n", 3, 15, "monitoring.window", "0:05:00", "such as 1h")]
    [InlineData(Minimal + "monitoring: { drift: { psi: 0 } }\n", 3, 29, "monitoring.drift.psi", "0", "")]
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
    // Types and ranges.
    [InlineData("name: prices\n", 1, 1, "", "Found no 'data'", "Add 'data:'")]
    [InlineData("name: 5\ndata: { target: price, task: regression }\n", 1, 7, "name", "the number 5", "Put it in quotes")]
    [InlineData("name: My Pipeline\ndata: { target: price, task: regression }\n", 1, 7, "name", "Found 'My Pipeline'", "lower-case")]
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
    public void Read_Mistake_SaysWhatAndWhere(string yaml, long line, long column, string path, string found, string expected) =>
        AssertMistake(yaml, line, column, path, found, expected);

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
}
