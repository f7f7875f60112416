using System.Collections.Concurrent;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Serving;

/// <summary>
/// A model that is loaded and can score: one session over the graph that <see cref="ModelSignature"/> describes. Safe for any number of
/// threads at once; to be disposed when no call is in it.
/// </summary>
public sealed class OnnxModel : IDisposable
{
    private readonly InferenceSession session;
    private readonly RunOptions runOptions = new();
    private readonly ConcurrentQueue<SingleRowRun> singleRows = new();
    private readonly string[] inputNames;
    private readonly string[] outputNames;
    private readonly int sliceRows;
    private readonly int width;
    private volatile bool disposed;

    private OnnxModel(InferenceSession session, ModelSignature signature, OnnxModelOptions options)
    {
        this.session = session;
        Signature = signature;
        sliceRows = options.SliceRows;
        inputNames = [.. signature.Inputs.Select(input => input.Name)];
        var regression = signature.Task == PredictionTask.Regression;
        // The class is the largest probability's: asking for it as text again would only cost time.
        outputNames = [regression ? ModelSignature.Outputs.Prediction : ModelSignature.Outputs.Probabilities];
        width = regression ? 1 : signature.Classes.Count;
    }

    public ModelSignature Signature { get; }

    /// <summary>Loads a graph and checks that it is the one that the signature describes.</summary>
    /// <exception cref="InvalidDataException">The bytes are no model, or its inputs or outputs are others than the signature's.</exception>
    public static OnnxModel Load(ReadOnlyMemory<byte> model, ModelSignature signature, OnnxModelOptions? options = null)
    {
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.IntraOpThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SliceRows, 1);
        using var settings = new SessionOptions
        {
            IntraOpNumThreads = options.IntraOpThreads,
            InterOpNumThreads = 1,
            // Patterns are kept for every number of rows that ever came; requests bring all of them.
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        var whole = MemoryMarshal.TryGetArray(model, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length;
        InferenceSession loaded;
        try
        {
            loaded = new InferenceSession(whole ? segment.Array! : model.ToArray(), settings);
        }
        catch (OnnxRuntimeException broken)
        {
            throw new InvalidDataException($"The model ({model.Length:N0} bytes) does not load: {broken.Message}", broken);
        }

        try
        {
            GraphCheck.Require(loaded, signature);
            return new OnnxModel(loaded, signature, options);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Scores every row. Columns are found by name; those that the model does not take are ignored.</summary>
    /// <exception cref="ArgumentException">A column that the model takes is missing, of another kind, or shorter than the batch.</exception>
    public Predictions Score(ColumnBatch batch) => Score(batch, runOptions);

    /// <summary>The same; <paramref name="cancellationToken"/> ends it between two steps of the graph. A step itself cannot be ended.</summary>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public Predictions ScoreUntil(ColumnBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var own = new RunOptions();
        using var ending = cancellationToken.UnsafeRegister(static run => ((RunOptions)run!).Terminate = true, own);
        try
        {
            return Score(batch, own);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    private Predictions Score(ColumnBatch batch, RunOptions run)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        var columns = Pick(batch);
        var result = new double[batch.Rows * width];
        if (batch.Rows == 1)
        {
            ScoreOne(columns, result, run);
        }
        else
        {
            for (var start = 0; start < batch.Rows; start += sliceRows)
            {
                var rows = Math.Min(sliceRows, batch.Rows - start);
                ScoreSlice(columns, start, rows, result.AsMemory(start * width, rows * width), run);
            }
        }

        return Signature.Task == PredictionTask.Regression
            ? new Predictions { Rows = batch.Rows, Values = result }
            : new Predictions
            {
                Rows = batch.Rows,
                Probabilities = result,
                Labels = MostProbable(result, batch.Rows),
            };
    }

    /// <summary>Values that the model gives for a row: one a class, or one.</summary>
    internal int Width => width;

    /// <summary>One run on tensors of shape [rows, 1] in the order of the signature's inputs; <see cref="Width"/> values a row come out.</summary>
    internal void Run(OrtValue[] inputs, int rows, Memory<double> result) => Run(inputs, rows, result, runOptions);

    private void Run(OrtValue[] inputs, int rows, Memory<double> result, RunOptions run)
    {
        long[] shape = Signature.Task == PredictionTask.Regression ? [rows] : [rows, width];
        using var output = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, result, shape);
        session.Run(run, inputNames, inputs, outputNames, [output]);
    }

    public void Dispose()
    {
        if (disposed)
        {
            return;
        }

        disposed = true;
        while (singleRows.TryDequeue(out var run))
        {
            run.Dispose();
        }

        runOptions.Dispose();
        session.Dispose();
    }

    private ColumnValues[] Pick(ColumnBatch batch)
    {
        var columns = new ColumnValues[Signature.Inputs.Count];
        for (var i = 0; i < columns.Length; i++)
        {
            var input = Signature.Inputs[i];
            // Batches made for the model have its order; others are searched.
            var column = i < batch.Columns.Count && batch.Columns[i].Name == input.Name ? batch.Columns[i] : batch.Find(input.Name);
            columns[i] = column ?? throw Missing(input, batch);
            var (length, expected) = input.Type == ColumnType.Text ? (column.Texts?.Length, "text") : (column.Numbers?.Length, "numbers");
            if (length is null)
            {
                var found = column.Texts is null ? "numbers" : "text";
                throw new ArgumentException(
                    $"Column '{input.Name}' has {found}; the model takes {expected} ({input.Type}).",
                    nameof(batch)
                );
            }

            if (length < batch.Rows)
            {
                throw new ArgumentException($"Column '{input.Name}' has {length} values; the batch has {batch.Rows} rows.", nameof(batch));
            }
        }

        return columns;
    }

    private void ScoreOne(ColumnValues[] columns, double[] result, RunOptions run)
    {
        var single = singleRows.TryDequeue(out var free) ? free : new SingleRowRun(session, Signature);
        try
        {
            single.Run(run, columns, 0, result);
        }
        catch
        {
            single.Dispose();
            throw;
        }

        singleRows.Enqueue(single);
    }

    private void ScoreSlice(ColumnValues[] columns, int start, int rows, Memory<double> result, RunOptions run)
    {
        var inputs = new OrtValue?[columns.Length];
        try
        {
            for (var i = 0; i < inputs.Length; i++)
            {
                if (columns[i].Texts is { } texts)
                {
                    inputs[i] = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [rows, 1]);
                    StringTensor.Set(inputs[i]!, texts.AsSpan(start, rows));
                }
                else
                {
                    var memory = columns[i].Numbers!.AsMemory(start, rows);
                    inputs[i] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, memory, [rows, 1]);
                }
            }

            Run(inputs!, rows, result, run);
        }
        finally
        {
            foreach (var input in inputs)
            {
                input?.Dispose();
            }
        }
    }

    private int[] MostProbable(double[] probabilities, int rows)
    {
        var labels = new int[rows];
        for (var row = 0; row < rows; row++)
        {
            labels[row] = TensorPrimitives.IndexOfMax(probabilities.AsSpan(row * width, width));
        }

        return labels;
    }

    private static ArgumentException Missing(FeatureInput input, ColumnBatch batch) =>
        new(
            $"Column '{input.Name}' ({input.Type}) is missing; the batch has {string.Join(", ", batch.Columns.Select(c => $"'{c.Name}'"))}.",
            nameof(batch)
        );
}
