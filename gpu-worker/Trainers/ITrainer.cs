using Serverless.GpuWorker.Onnx;

namespace Serverless.GpuWorker.Trainers;

/// <summary>Told what happens while a model is trained; called from the training thread, returns at once.</summary>
internal interface ITrainingWatch
{
    /// <param name="round">1 is the first.</param>
    /// <param name="rounds">Greatest number of rounds.</param>
    /// <param name="values">Metrics by name, such as <c>validation.logLoss</c>.</param>
    void Round(int round, int rounds, IReadOnlyDictionary<string, double> values);
}

/// <summary>One way to train.</summary>
internal interface ITrainer
{
    /// <summary>As written in pipeline.yaml.</summary>
    string Name { get; }

    /// <summary>Trains until the validation loss no longer falls. Releases the rows' values as soon as it has its own form of them.</summary>
    ITrainedModel Train(TrainingData data, int seed, int threads, ITrainingWatch watch, CancellationToken cancellationToken);
}

/// <summary>A model as its trainer's library knows it, and as a graph.</summary>
internal interface ITrainedModel : IDisposable
{
    int BestRound { get; }

    int Rounds { get; }

    /// <summary>Of the best round on the validation rows.</summary>
    double ValidationLoss { get; }

    /// <summary>Adds the nodes from the matrix of features, float64 [N, features], to the raw scores.</summary>
    /// <returns>Name of the output, float64 [N, scores]: one score for binary and regression, one a class for more classes.</returns>
    string Export(GraphBuilder graph, IReadOnlyList<string> featureOutputs);

    /// <summary>The library's own answers: probability of the positive class, probabilities of all classes, or the value.</summary>
    double[] Predict(ReadOnlySpan<double> matrix, int rows);

    /// <summary>Values of each feature at which the model's answer may change: where an export would err first.</summary>
    IReadOnlyList<double[]> Edges();
}
