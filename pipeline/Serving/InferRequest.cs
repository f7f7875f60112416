using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>An inference request, ready to score.</summary>
/// <param name="buffers">Its inputs, by column of the model.</param>
/// <param name="id">To be echoed.</param>
/// <param name="outputs">What is asked for, in that order; null is everything.</param>
internal sealed class InferRequest(ColumnBuffers buffers, string? id, IReadOnlyList<string>? outputs) : IDisposable
{
    public ColumnBatch Batch { get; } = buffers.ToBatch();

    public string? Id { get; } = id;

    public IReadOnlyList<string>? Outputs { get; } = outputs;

    public void Dispose() => buffers.Dispose();
}
