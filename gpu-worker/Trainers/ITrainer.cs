using Serverless.GpuWorker.Onnx;
using Serverless.Pipeline.Definitions;

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

    /// <summary>Categories a text column may keep; rarer ones count as unknown.</summary>
    int MaxCategories { get; }

    ClassWeight ClassWeight { get; }

    /// <summary>Whether columns with a single value belong to what is learned: where the places of columns mean something.</summary>
    bool AllColumns => false;

    /// <summary>The training rows that it wants in this process.</summary>
    RowPart Part => RowPart.All;

    /// <summary>
    /// Trains until the validation loss no longer falls, from the restored checkpoint on where there is one: the model is the same as without
    /// the interruption. Releases the rows' values as soon as it has its own form of them.
    /// </summary>
    /// <param name="data">This trainer's own.</param>
    /// <param name="seed">Everything random comes from it.</param>
    /// <param name="threads">Part of the job: another number can give another model.</param>
    /// <param name="watch">Told of every round after the restored one.</param>
    /// <param name="checkpoints">Of this trainer in this job.</param>
    /// <param name="cancellationToken">Stop at once; what is not saved is lost.</param>
    /// <exception cref="EvictedException">From <see cref="ICheckpoints.Save"/>.</exception>
    ITrainedModel Train(
        TrainingData data,
        int seed,
        int threads,
        ITrainingWatch watch,
        ICheckpoints checkpoints,
        CancellationToken cancellationToken
    );
}

/// <summary>A model as its trainer's library knows it, and as a graph.</summary>
internal interface ITrainedModel : IDisposable
{
    int BestRound { get; }

    int Rounds { get; }

    /// <summary>Of the best round on the validation rows.</summary>
    double ValidationLoss { get; }

    /// <summary>How near the graph must come to <see cref="Predict"/>.</summary>
    AgreementBound Agreement { get; }

    /// <summary>Adds the nodes from the matrix of features, float64 [N, features], to the raw scores.</summary>
    /// <returns>Name of the output, float64 [N, scores]: one score for binary and regression, one a class for more classes.</returns>
    string Export(GraphBuilder graph, IReadOnlyList<string> featureOutputs);

    /// <summary>The library's own answers: probability of the positive class, probabilities of all classes, or the value.</summary>
    double[] Predict(ReadOnlySpan<double> matrix, int rows);

    /// <summary>Values of each feature at which the model's answer may change: where an export would err first.</summary>
    IReadOnlyList<double[]> Edges();
}

/// <summary>The arithmetic of a trainer's library, and so the difference that its graph may have.</summary>
/// <param name="Bound">Largest difference of a probability; of a value in parts of max(<paramref name="Scale"/>, |value|).</param>
/// <param name="Scale">Of a regression's values.</param>
internal readonly record struct AgreementBound(double Bound, double Scale)
{
    /// <summary>For double arithmetic from the columns to the answer.</summary>
    public static AgreementBound Doubles { get; } = new(1e-9, 1);
}
