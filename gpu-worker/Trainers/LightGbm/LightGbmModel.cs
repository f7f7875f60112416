using Serverless.GpuWorker.Onnx;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>The best rounds of a training, as LightGBM's text holds them.</summary>
internal sealed class LightGbmModel : ITrainedModel
{
    private readonly Booster booster;
    private readonly IReadOnlyList<Tree> trees;
    private readonly int columns;
    private readonly int scores;
    private readonly int threads;

    /// <param name="text">LightGBM's model text.</param>
    /// <param name="columns">Features of the training.</param>
    /// <param name="scores">Scores a row: one a class for more than two classes, else 1.</param>
    /// <param name="threads">For predictions.</param>
    public LightGbmModel(string text, int columns, int scores, int threads)
    {
        trees = ModelText.Trees(text);
        // Loaded from the text that the graph is made of, so that what is compared is what was exported.
        booster = Booster.Load(text);
        (Text, this.columns, this.scores, this.threads) = (text, columns, scores, threads);
    }

    public string Text { get; }

    public required int BestRound { get; init; }

    public required int Rounds { get; init; }

    public required double ValidationLoss { get; init; }

    public int Trees => trees.Count;

    public AgreementBound Agreement => AgreementBound.Doubles;

    public string Export(GraphBuilder graph, IReadOnlyList<string> featureOutputs) =>
        new TreeEnsemble(trees, scores).Export(graph, featureOutputs);

    public double[] Predict(ReadOnlySpan<double> matrix, int rows) => booster.Predict(matrix, rows, columns, scores, threads);

    public IReadOnlyList<double[]> Edges()
    {
        var edges = Enumerable.Range(0, columns).Select(_ => new SortedSet<double>()).ToArray();
        foreach (var tree in trees)
        {
            for (var split = 0; split < tree.Splits; split++)
            {
                if (!tree.IsCategorical(split))
                {
                    edges[tree.Features[split]].Add(tree.Thresholds[split]);
                }
            }
        }

        return [.. edges.Select(values => values.ToArray())];
    }

    public void Dispose() => booster.Dispose();
}
