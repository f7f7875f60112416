using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Rows that LightGBM has binned; the doubles they came from are no longer needed.</summary>
internal sealed class Dataset(DatasetHandle handle, int rows) : IDisposable
{
    private const int Float32 = 0;
    private const int Float64 = 1;

    public DatasetHandle Handle => handle;

    public int Rows => rows;

    /// <param name="rows">Features and labels.</param>
    /// <param name="parameters">LightGBM's parameters, <c>name=value</c> with blanks between.</param>
    /// <param name="reference">The training data, whose bins validation data must share.</param>
    public static unsafe Dataset Create(TrainingRows rows, string parameters, Dataset? reference)
    {
        var blocks = rows.Blocks;
        var pins = blocks.Select(block => GCHandle.Alloc(block.Values, GCHandleType.Pinned)).ToArray();
        try
        {
            var data = stackalloc double*[blocks.Count];
            var counts = stackalloc int[blocks.Count];
            var rowMajor = stackalloc int[blocks.Count];
            for (var i = 0; i < blocks.Count; i++)
            {
                data[i] = (double*)pins[i].AddrOfPinnedObject();
                counts[i] = blocks[i].Rows;
                rowMajor[i] = 1;
            }

            var of = reference?.Handle.DangerousGetHandle() ?? IntPtr.Zero;
            LightGbmException.ThrowIfFailed(
                NativeMethods.LGBM_DatasetCreateFromMats(
                    blocks.Count,
                    data,
                    Float64,
                    counts,
                    rows.Columns,
                    rowMajor,
                    parameters,
                    of,
                    out var handle
                )
            );
            GC.KeepAlive(reference);
            var dataset = new Dataset(handle, rows.Count);
            dataset.SetField<float>("label", CollectionsMarshal.AsSpan(rows.Labels), Float32);
            if (rows.Weights is { } weights)
            {
                dataset.SetField<float>("weight", weights, Float32);
            }

            return dataset;
        }
        finally
        {
            foreach (var pin in pins)
            {
                pin.Free();
            }
        }
    }

    public void Dispose() => handle.Dispose();

    /// <summary>Boosters created from here on start from these raw scores: all rows of the first score, then all of the next.</summary>
    public void SetInitialScores(ReadOnlySpan<double> scores) => SetField("init_score", scores, Float64);

    private unsafe void SetField<T>(string name, ReadOnlySpan<T> values, int type)
        where T : unmanaged
    {
        fixed (T* data = values)
        {
            LightGbmException.ThrowIfFailed(NativeMethods.LGBM_DatasetSetField(handle, name, data, values.Length, type));
        }
    }
}
