using Serverless.GpuWorker.Onnx;

namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>From a row of features to what the network takes; in training and in the graph by the same arithmetic, in double until the end.</summary>
internal interface IRowEncoder
{
    /// <summary>Float numbers of a row.</summary>
    int Numbers { get; }

    /// <summary>Category codes of a row, each an index into one table of embeddings.</summary>
    int Codes { get; }

    /// <param name="row">As in <see cref="RowBlock"/>.</param>
    /// <param name="numbers">To be filled, <see cref="Numbers"/> long.</param>
    /// <param name="codes">To be filled, <see cref="Codes"/> long.</param>
    /// <param name="augment">Draws a variant of the row, in training; null: the row itself.</param>
    void Encode(ReadOnlySpan<double> row, Span<float> numbers, Span<long> codes, Random? augment);

    /// <summary>Adds the nodes that do the same.</summary>
    /// <param name="graph">The model's.</param>
    /// <param name="features">Outputs that hold the features, float64 [N, 1] each.</param>
    /// <returns>Outputs: numbers, float [N, Numbers] (or null), and codes, int64 [N, Codes] (or null).</returns>
    EncodedOutputs Export(GraphBuilder graph, IReadOnlyList<string> features);

    /// <summary>Values of each feature at which the encoding bends.</summary>
    IReadOnlyList<double[]> Edges { get; }
}

/// <param name="Numbers">Name of the output; null where the model has no number.</param>
/// <param name="Codes">Name of the output; null where it has no category.</param>
internal sealed record EncodedOutputs(string? Numbers, string? Codes);
