using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Serving;

/// <summary>The rows of a request, ready to score, and what was odd about them.</summary>
internal sealed class PredictRequest(ColumnBuffers buffers, IReadOnlyList<string> warnings) : IDisposable
{
    public ColumnBatch Batch { get; } = buffers.ToBatch();

    public IReadOnlyList<string> Warnings { get; } = warnings;

    public void Dispose() => buffers.Dispose();
}

/// <summary>What a request may be.</summary>
/// <param name="MaxRows">More are refused with 413.</param>
/// <param name="Strict">What would be a warning is an error.</param>
internal sealed record PredictRules(int MaxRows, bool Strict = false);
