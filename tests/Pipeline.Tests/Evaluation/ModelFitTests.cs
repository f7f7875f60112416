using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Tests.Evaluation;

public sealed class ModelFitTests
{
    private static readonly ModelSignature Model = new()
    {
        Task = PredictionTask.Binary,
        Target = "y",
        TargetType = ColumnType.Integer,
        Classes = ["0", "1"],
        Inputs = [new("a", ColumnType.Number), new("b", ColumnType.Text)],
    };

    private static readonly DatasetSchema Schema = new([
        new("a", ColumnType.Integer, false),
        new("b", ColumnType.Text, false),
        new("c", ColumnType.Number, false),
    ]);

    [Fact]
    public void Misfit_ColumnsThere_Fits() => Assert.Null(ModelFit.Misfit(Model, Model, Schema));

    [Fact]
    public void Misfit_ColumnGone_NamesIt() =>
        Assert.Contains("'a'", ModelFit.Misfit(Model, Model, new DatasetSchema([Schema.Columns[1]])), StringComparison.Ordinal);

    [Fact]
    public void Misfit_NumberThatBecameText_NamesBoth() =>
        Assert.Contains(
            "as number, the data has text",
            ModelFit.Misfit(Model, Model, new DatasetSchema([new("a", ColumnType.Text, false), Schema.Columns[1]])),
            StringComparison.Ordinal
        );

    [Fact]
    public void Misfit_OtherClasses_NamesThem() =>
        Assert.Contains("0, 1, 2", ModelFit.Misfit(Model, Model with { Classes = ["0", "1", "2"] }, Schema), StringComparison.Ordinal);

    [Fact]
    public void Misfit_PositiveClassSwapped_DoesNotFit() =>
        Assert.NotNull(ModelFit.Misfit(Model, Model with { Classes = ["1", "0"] }, Schema));

    [Fact]
    public void Misfit_OtherTaskOrTarget_DoesNotFit()
    {
        Assert.Contains(
            "regression",
            ModelFit.Misfit(Model, Model with { Task = PredictionTask.Regression }, Schema),
            StringComparison.Ordinal
        );
        Assert.Contains("'z'", ModelFit.Misfit(Model, Model with { Target = "z" }, Schema), StringComparison.Ordinal);
    }
}
