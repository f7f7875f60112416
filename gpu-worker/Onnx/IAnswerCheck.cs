using Serverless.GpuWorker.Jobs;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.GpuWorker.Onnx;

/// <summary>Holds a graph's answers against what they must be.</summary>
internal interface IAnswerCheck
{
    AgreementProof Proof { get; }

    /// <param name="batch">The first columns are the candidate's, in order.</param>
    /// <param name="kind">What the rows are, for the error.</param>
    /// <exception cref="JobFailedException">An answer is wrong; the message has the row.</exception>
    void Compare(ColumnBatch batch, string kind);
}
