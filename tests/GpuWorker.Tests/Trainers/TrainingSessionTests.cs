using Microsoft.ML.OnnxRuntime;
using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Training;
using Serverless.Testing;

namespace Serverless.GpuWorker.Tests.Trainers;

public sealed class TrainingSessionTests
{
    private static readonly LightGbmSettings Quick = new()
    {
        Rounds = 60,
        LearningRate = 0.2,
        EarlyStopping = 10,
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PredictionTask.Binary, "label")]
    [InlineData(PredictionTask.Multiclass, "kind")]
    [InlineData(PredictionTask.Regression, "value")]
    public void Run_EveryTask_AgreesAndLearns(PredictionTask task, string target)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 3000, 7), 7);
        var others = new[] { "label", "kind", "value" }.Where(name => name != target).ToArray();

        var trained = Sessions.Train(Sessions.Definition(target, task, others).With(Quick), files, Cancelled);

        Assert.True(trained.Agreement.MaxDifference <= trained.Agreement.Bound);
        Assert.True(trained.Agreement.Rows > 450);
        Assert.Equal("7 in every training row", trained.Dropped["constant"]);
        Assert.Equal(["size", "zero heavy", "colour"], trained.Signature.Inputs.Select(input => input.Name));
        Assert.True(
            task == PredictionTask.Regression ? trained.Validation[MetricNames.R2] > 0.8 : trained.Validation[MetricNames.Accuracy] > 0.8
        );
    }

    [Fact]
    public void Run_Classification_NamesTheMostProbableClass()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1500, 3), 3);

        var trained = Sessions.Train(
            Sessions.Definition("kind", PredictionTask.Multiclass, "label", "value").With(Quick),
            files,
            Cancelled
        );

        Assert.Equal(["groß", "klein", "mittel"], trained.Signature.Classes);
        using var session = new InferenceSession(trained.Graph);
        using var size = OrtValue.CreateTensorValueFromMemory(new double[] { 4.9, double.NaN }, [2, 1]);
        using var heavy = OrtValue.CreateTensorValueFromMemory(new double[] { 4, 0 }, [2, 1]);
        using var colour = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [2, 1]);
        colour.StringTensorSetElementAt("rot", 0);
        colour.StringTensorSetElementAt("never seen", 1);
        using var options = new RunOptions();
        using var outputs = session.Run(
            options,
            ["size", "zero heavy", "colour"],
            [size, heavy, colour],
            [ModelSignature.Outputs.Prediction, ModelSignature.Outputs.Probabilities]
        );
        var probabilities = outputs[1].GetTensorDataAsSpan<double>();
        Assert.Equal("groß", outputs[0].GetStringTensorAsArray()[0]);
        Assert.Equal(1, probabilities[0] + probabilities[1] + probabilities[2], 1e-12);
        Assert.Equal("run-1", session.ModelMetadata.CustomMetadataMap["run"]);
    }

    [Fact]
    public void Run_SameJobTwice_GivesTheSameBytes()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1000, 5), 5);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value").With(Quick with { BaggingFraction = 0.7 });

        Assert.Equal(Sessions.Train(definition, files, Cancelled).Graph, Sessions.Train(definition, files, Cancelled).Graph);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Run_TwoTrainersOnSoManyThreads_TheLowerLossWins(int threads)
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1500, 9), 9);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value").With(Quick with { Rounds = 1 }, Quick);

        Assert.Equal("lightgbm-2", Sessions.Train(definition, files, Cancelled, threads: threads).Trainer);
    }

    [Fact]
    public void Run_TwoTrainersWithOtherClassWeights_AreComparedByTheirAnswers()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 1500, 9), 9);
        var definition = Sessions
            .Definition("label", PredictionTask.Binary, "kind", "value")
            .With(Quick with { ClassWeight = ClassWeight.Balanced, Rounds = 1 }, Quick);

        Assert.Equal("lightgbm-2", Sessions.Train(definition, files, Cancelled, threads: 2).Trainer);
    }

    [Fact]
    public void Run_OneOfTwoTrainersAtFault_FailsWithItsReason()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 400, 2), 2);
        var definition = Sessions.Definition("kind", PredictionTask.Binary).With(Quick, Quick);

        var failed = Assert.Throws<JobFailedException>(() => Sessions.Train(definition, files, Cancelled, threads: 2));

        Assert.Contains("3 classes", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TooFewRowsToSplit_GivesAConstantModel()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 40, 1), 1);

        var trained = Sessions.Train(
            Sessions.Definition("value", PredictionTask.Regression, "kind", "label").With(Quick),
            files,
            Cancelled
        );

        using var onnx = OnnxModel.Load(trained.Graph, trained.Signature);
        Assert.True(trained.Agreement.MaxDifference <= trained.Agreement.Bound);
    }

    [Fact]
    public void Run_BinaryWithThreeClasses_SaysWhatToDo()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 400, 2), 2);

        var failed = Assert.Throws<JobFailedException>(() =>
            Sessions.Train(Sessions.Definition("kind", PredictionTask.Binary), files, Cancelled)
        );

        Assert.True(failed.UserError);
        Assert.Contains("3 classes", failed.Message, StringComparison.Ordinal);
        Assert.Contains("multiclass", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_RarePositivesBalanced_Learns()
    {
        using var folder = new TestFolder();
        var files = SplitFiles.Make(folder, MadeData.Write(folder, 2000, 4), 4);
        var definition = Sessions.Definition("label", PredictionTask.Binary, "kind", "value");

        var trained = Sessions.Train(
            definition.With(Quick with { ClassWeight = ClassWeight.Balanced, MaxCategories = 2 }),
            files,
            Cancelled
        );

        Assert.True(trained.Validation[MetricNames.Auc] > 0.8);
        Assert.Equal(2, trained.Signature.Inputs.Single(input => input.Name == "colour").Categories);
    }
}
