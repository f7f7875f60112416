using Microsoft.ML.OnnxRuntime;
using Serverless.Pipeline.Datasets;

namespace Serverless.Bench.Infer;

/// <summary>The reference: <c>InferenceSession.Run</c> on tensors that lie ready, and the ordinary way of filling them.</summary>
internal sealed class BareSession : IDisposable
{
    private static readonly string[] Inputs = [.. BenchModel.Signature.Inputs.Select(input => input.Name)];
    private static readonly string[] Outputs = ["probabilities"];

    private readonly InferenceSession session;
    private readonly RunOptions options = new();

    public BareSession(byte[] model)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        session = new InferenceSession(model, settings);
    }

    public static OrtValue[] Fill(ColumnBatch batch)
    {
        var values = new OrtValue[batch.Columns.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (batch.Columns[i].Texts is { } texts)
            {
                values[i] = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [batch.Rows, 1]);
                for (var row = 0; row < batch.Rows; row++)
                {
                    values[i].StringTensorSetElementAt(texts[row].AsSpan(), row);
                }
            }
            else
            {
                values[i] = OrtValue.CreateTensorValueFromMemory(batch.Columns[i].Numbers!, [batch.Rows, 1]);
            }
        }

        return values;
    }

    public double[] Run(OrtValue[] inputs)
    {
        using var outputs = session.Run(options, Inputs, inputs, Outputs);
        return outputs[0].GetTensorDataAsSpan<double>().ToArray();
    }

    public void Dispose()
    {
        options.Dispose();
        session.Dispose();
    }
}
