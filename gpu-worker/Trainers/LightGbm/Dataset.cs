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
            return Labelled(handle, rows);
        }
        finally
        {
            foreach (var pin in pins)
            {
                pin.Free();
            }
        }
    }

    /// <summary>The rows of the whole that bins are found from, ascending; the same on every rank.</summary>
    /// <param name="rows">Rows of the whole.</param>
    /// <param name="parameters">As for <see cref="Create"/>.</param>
    public static unsafe int[] SampleOf(int rows, string parameters)
    {
        var indices = new int[rows];
        fixed (int* into = indices)
        {
            LightGbmException.ThrowIfFailed(NativeMethods.LGBM_SampleIndices(rows, parameters, into, out var count));
            return indices[..count];
        }
    }

    /// <summary>
    /// One rank's part of the rows, with the bins and the bundles of columns that the whole would have on one machine: they are found from the
    /// same sample. Left to itself each rank would bundle columns as its own rows suggest, and number them in another order than the rest.
    /// </summary>
    /// <param name="part">This rank's rows.</param>
    /// <param name="sample">The rows of <see cref="SampleOf"/>, every column's as they are numbered there.</param>
    /// <param name="all">Rows of the whole.</param>
    /// <param name="parameters">As for <see cref="Create"/>.</param>
    public static unsafe Dataset CreatePart(TrainingRows part, TrainingRows sample, long all, string parameters)
    {
        var columns = new SampledColumns(sample);
        using var pinned = columns.Pin();
        fixed (int* counts = columns.Counts)
        {
            LightGbmException.ThrowIfFailed(
                NativeMethods.LGBM_DatasetCreateFromSampledColumn(
                    (double**)pinned.Values,
                    (int**)pinned.Indices,
                    part.Columns,
                    counts,
                    columns.Rows,
                    part.Count,
                    all,
                    parameters,
                    out var handle
                )
            );
            var first = 0;
            foreach (var block in part.Blocks)
            {
                fixed (double* values = block.Values)
                {
                    LightGbmException.ThrowIfFailed(
                        NativeMethods.LGBM_DatasetPushRows(handle, values, Float64, block.Rows, part.Columns, first)
                    );
                }

                first += block.Rows;
            }

            return Labelled(handle, part);
        }
    }

    public void Dispose() => handle.Dispose();

    private static Dataset Labelled(DatasetHandle handle, TrainingRows rows)
    {
        var dataset = new Dataset(handle, rows.Count);
        dataset.SetField<float>("label", CollectionsMarshal.AsSpan(rows.Labels), Float32);
        if (rows.Weights is { } weights)
        {
            dataset.SetField<float>("weight", weights, Float32);
        }

        return dataset;
    }

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
