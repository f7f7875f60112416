using Microsoft.ML.OnnxRuntime;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>Everything one run of one row needs, made once: pinned inputs and output, bound to the session. Used by one thread at a time.</summary>
internal sealed class SingleRowRun : IDisposable
{
    private readonly InferenceSession session;
    private readonly OrtIoBinding binding;
    private readonly double[]?[] numbers;
    private readonly OrtValue[] inputs;
    private readonly double[] output;
    private readonly OrtValue outputValue;

    public SingleRowRun(InferenceSession session, ModelSignature signature)
    {
        this.session = session;
        binding = session.CreateIoBinding();
        numbers = new double[signature.Inputs.Count][];
        inputs = new OrtValue[signature.Inputs.Count];
        for (var i = 0; i < inputs.Length; i++)
        {
            inputs[i] =
                signature.Inputs[i].Type == ColumnType.Text
                    ? OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [1, 1])
                    : OrtValue.CreateTensorValueFromMemory(numbers[i] = new double[1], [1, 1]);
            binding.BindInput(signature.Inputs[i].Name, inputs[i]);
        }

        var regression = signature.Task == PredictionTask.Regression;
        output = new double[regression ? 1 : signature.Classes.Count];
        outputValue = OrtValue.CreateTensorValueFromMemory(output, regression ? [1] : [1, output.Length]);
        binding.BindOutput(regression ? ModelSignature.Outputs.Prediction : ModelSignature.Outputs.Probabilities, outputValue);
    }

    /// <summary>Runs on row <paramref name="row"/> of the columns, which are in the order of the signature's inputs.</summary>
    public void Run(RunOptions options, ReadOnlySpan<ColumnValues> columns, int row, Span<double> result)
    {
        for (var i = 0; i < inputs.Length; i++)
        {
            if (numbers[i] is { } number)
            {
                number[0] = columns[i].Numbers![row];
            }
            else
            {
                inputs[i].StringTensorSetElementAt((columns[i].Texts![row] ?? "").AsSpan(), 0);
            }
        }

        session.RunWithBinding(options, binding);
        output.CopyTo(result);
    }

    public void Dispose()
    {
        binding.Dispose();
        outputValue.Dispose();
        foreach (var input in inputs)
        {
            input.Dispose();
        }
    }
}
