using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;
using Serverless.Testing.Serving;

namespace Serverless.Pipeline.Tests.Serving;

public sealed class OnnxModelTests
{
    [Fact]
    public void Score_OneRow_GivesProbabilitiesAndLabel()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);

        var answer = model.Score(Batch(["H"], [50]));

        Assert.Equal(1, answer.Rows);
        Assert.Equal([Sigmoid(-4), Sigmoid(4)], answer.Probabilities!, Near);
        Assert.Equal([1], answer.Labels!);
        Assert.Null(answer.Values);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    public void Score_Batch_EqualsRowsOneByOne(int sliceRows)
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature, new() { SliceRows = sliceRows });
        string[] types = ["L", "", "M", "unknown", "é\0L", "H\0", "H"];
        double[] torques = [10, double.NaN, 30, double.PositiveInfinity, 50, -60, 70];

        var together = model.Score(Batch(types, torques));

        for (var row = 0; row < types.Length; row++)
        {
            var alone = model.Score(Batch([types[row]], [torques[row]]));
            Assert.Equal(alone.Probabilities![1], together.Probabilities![row * 2 + 1], 1e-12);
            Assert.Equal(alone.Labels![0], together.Labels![row]);
        }
    }

    [Fact]
    public void Score_NulInText_IsPartOfTheText()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);

        var answer = model.Score(Batch(["H\0", "H"], [0, 0]));

        Assert.Equal(Sigmoid(-4), answer.Probabilities![1], 1e-12);
        Assert.Equal(Sigmoid(-1), answer.Probabilities[3], 1e-12);
    }

    [Fact]
    public void Score_ReusedLongerArrays_ReadsRowsAlone()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);
        var columns = Batch(["L", "M", "H", "H"], [1, 2, 3, 4]).Columns;

        Assert.Equal(2, model.Score(new ColumnBatch(2, columns)).Labels!.Length);
        Assert.Empty(model.Score(new ColumnBatch(0, columns)).Labels!);
    }

    [Fact]
    public void Score_ColumnsInAnotherOrderWithOthers_FindsThemByName()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);
        var batch = Batch(["H"], [50]);
        var shuffled = new ColumnBatch(1, [new("x", ColumnType.Number, [1]), batch.Columns[1], batch.Columns[0]]);

        Assert.Equal(model.Score(batch).Probabilities, model.Score(shuffled).Probabilities);
    }

    [Fact]
    public void Score_Regression_GivesValues()
    {
        var (signature, bytes) = TinyModel.Regression(bias: 0.5);
        using var model = OnnxModel.Load(bytes, signature);
        var batch = new ColumnBatch(
            2,
            [
                new("number", ColumnType.Number, [1.5, double.NaN]),
                new("integer", ColumnType.Integer, [2, 2]),
                new("flag", ColumnType.Boolean, [1, 0]),
                new("at", ColumnType.Timestamp, [100, 1_700_000_000]),
            ]
        );

        Assert.Equal([109, 1_700_000_004.5], model.Score(batch).Values!);
    }

    [Fact]
    public void Score_Multiclass_LabelIsLargestProbability()
    {
        var (signature, bytes) = TinyModel.Multiclass();
        using var model = OnnxModel.Load(bytes, signature);

        var answer = model.Score(new ColumnBatch(3, [new("letter seen", ["c", "a", "z"])]));

        Assert.Equal(9, answer.Probabilities!.Length);
        Assert.Equal([2, 0, 0], answer.Labels!);
    }

    [Fact]
    public void Score_MissingColumn_NamesIt()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);

        var error = Assert.Throws<ArgumentException>(() => model.Score(new ColumnBatch(1, [new("Type", ["L"])])));

        Assert.Contains("'Torque [Nm]' (Number) is missing", error.Message);
    }

    [Fact]
    public void Score_WrongType_NamesColumn()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);
        var batch = new ColumnBatch(1, [new("Type", ColumnType.Number, [1]), new("Torque [Nm]", ColumnType.Number, [1])]);

        Assert.Contains("Column 'Type' has numbers", Assert.Throws<ArgumentException>(() => model.Score(batch)).Message);
    }

    [Fact]
    public void Load_NoModel_SaysSo()
    {
        var (signature, _) = TinyModel.Binary();

        var error = Assert.Throws<InvalidDataException>(() => OnnxModel.Load(new byte[] { 1, 2, 3 }, signature));

        Assert.Contains("does not load", error.Message);
    }

    [Fact]
    public void Load_GraphOfAnotherSignature_NamesWhatDiffers()
    {
        var (signature, bytes) = TinyModel.Binary();
        ModelSignature With(params FeatureInput[] inputs) => signature with { Inputs = inputs };
        string Error(ModelSignature other) => Assert.Throws<InvalidDataException>(() => OnnxModel.Load(bytes, other)).Message;

        Assert.Contains("no input 'Speed'", Error(With(signature.Inputs[0], new("Speed", ColumnType.Number))));
        Assert.Contains("'Type' is String; expected Double", Error(With(new("Type", ColumnType.Number), signature.Inputs[1])));
        Assert.Contains("input 'Torque [Nm]' that its signature does not name", Error(With(signature.Inputs[0])));
    }

    [Fact]
    public async Task Score_ManyThreads_AgreeWithOne()
    {
        var (signature, bytes) = TinyModel.Binary();
        using var model = OnnxModel.Load(bytes, signature);
        string[] types = ["L", "M", "H"];
        var expected = types.Select((type, i) => model.Score(Batch([type], [i * 30])).Probabilities![1]).ToArray();

        await Parallel.ForAsync(
            0,
            2000,
            TestContext.Current.CancellationToken,
            (i, _) =>
            {
                var answer = i % 10 == 0 ? model.Score(Batch(types, [0, 30, 60])) : model.Score(Batch([types[i % 3]], [i % 3 * 30]));
                Assert.Equal(expected[i % 10 == 0 ? 1 : i % 3], answer.Probabilities![i % 10 == 0 ? 3 : 1], 1e-12);
                return ValueTask.CompletedTask;
            }
        );
    }

    private static ColumnBatch Batch(string[] types, double[] torques) =>
        new(types.Length, [new("Type", types), new("Torque [Nm]", ColumnType.Number, torques)]);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-12;
}
