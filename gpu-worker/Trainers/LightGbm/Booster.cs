using System.Text;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>A LightGBM model, in training or loaded from its text.</summary>
internal sealed class Booster(BoosterHandle handle) : IDisposable
{
    private const int Float64 = 1;
    private const int PredictNormal = 0;
    private const int PredictRaw = 1;
    private const int TrainingData = 0;
    private const int ValidationData = 1;

    public static Booster Create(Dataset train, Dataset? validation, string parameters)
    {
        LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterCreate(train.Handle, parameters, out var handle));
        if (validation is not null)
        {
            LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterAddValidData(handle, validation.Handle));
        }

        return new Booster(handle);
    }

    public static Booster Load(string model)
    {
        LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterLoadModelFromString(model, out _, out var handle));
        return new Booster(handle);
    }

    /// <summary>One model of the trees of several texts, in this order.</summary>
    public static Booster Join(IReadOnlyList<string> models)
    {
        var joined = Load(models[^1]);
        try
        {
            for (var i = models.Count - 2; i >= 0; i--)
            {
                // LightGBM puts the other's trees before its own.
                using var before = Load(models[i]);
                LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterMerge(joined.Handle, before.Handle));
            }

            return joined;
        }
        catch
        {
            joined.Dispose();
            throw;
        }
    }

    private BoosterHandle Handle => handle;

    /// <summary>One more round.</summary>
    /// <returns>False when no tree can be split any further.</returns>
    public bool Update()
    {
        LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterUpdateOneIter(handle, out var finished));
        return finished == 0;
    }

    public double ValidationLoss() => Evaluate(ValidationData);

    public double TrainingLoss() => Evaluate(TrainingData);

    /// <summary>The first so many rounds as LightGBM's own text, every number exact.</summary>
    public unsafe string Save(int rounds)
    {
        var buffer = new byte[1 << 20];
        while (true)
        {
            long length;
            fixed (byte* text = buffer)
            {
                LightGbmException.ThrowIfFailed(
                    NativeMethods.LGBM_BoosterSaveModelToString(handle, 0, rounds, 0, buffer.Length, out length, text)
                );
            }

            if (length <= buffer.Length)
            {
                return Encoding.UTF8.GetString(buffer, 0, (int)length - 1);
            }

            buffer = new byte[length];
        }
    }

    /// <summary>Probabilities (one for binary, one a class for more classes) or values.</summary>
    /// <param name="values">Row-major, the training's columns.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="columns">How many columns.</param>
    /// <param name="outputs">Numbers a row.</param>
    /// <param name="threads">Threads of the call.</param>
    /// <param name="raw">The sums of the trees instead.</param>
    public unsafe double[] Predict(ReadOnlySpan<double> values, int rows, int columns, int outputs, int threads, bool raw = false)
    {
        var result = new double[(long)rows * outputs];
        fixed (double* data = values)
        fixed (double* answers = result)
        {
            var parameters = $"num_threads={threads} verbosity=-1";
            LightGbmException.ThrowIfFailed(
                NativeMethods.LGBM_BoosterPredictForMat(
                    handle,
                    data,
                    Float64,
                    rows,
                    columns,
                    1,
                    raw ? PredictRaw : PredictNormal,
                    0,
                    -1,
                    parameters,
                    out var length,
                    answers
                )
            );
            return length == result.Length
                ? result
                : throw new LightGbmException($"LightGBM gave {length} numbers for {rows} rows; expected {result.Length}.");
        }
    }

    public void Dispose() => handle.Dispose();

    private unsafe double Evaluate(int data)
    {
        var values = stackalloc double[4];
        LightGbmException.ThrowIfFailed(NativeMethods.LGBM_BoosterGetEval(handle, data, out var count, values));
        return count == 1 ? values[0] : throw new LightGbmException($"LightGBM gave {count} metrics; expected 1.");
    }
}
