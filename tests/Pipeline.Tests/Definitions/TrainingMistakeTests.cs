namespace Serverless.Pipeline.Tests.Definitions;

/// <summary>Mistakes in the training section: trainers, their settings, and the machines they are to have.</summary>
public sealed class TrainingMistakeTests : DefinitionTest
{
    [Theory]
    // Typos: line and column of the key or value itself.
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
    public void Read_Mistake_SaysWhatAndWhere(string yaml, long line, long column, string path, string found, string expected) =>
        AssertMistake(yaml, line, column, path, found, expected);
}
