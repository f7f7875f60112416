using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>Sampled rows as LightGBM takes them to find bins: column by column, without what it reads as 0.</summary>
internal sealed class SampledColumns
{
    private readonly double[][] values;
    private readonly int[][] indices;

    public SampledColumns(TrainingRows sample)
    {
        var columnValues = Enumerable.Range(0, sample.Columns).Select(_ => new List<double>()).ToArray();
        var columnRows = Enumerable.Range(0, sample.Columns).Select(_ => new List<int>()).ToArray();
        foreach (var block in sample.Blocks)
        {
            for (var row = 0; row < block.Rows; row++)
            {
                for (var column = 0; column < sample.Columns; column++)
                {
                    var value = block.Values[row * sample.Columns + column];
                    if (double.IsNaN(value) || Math.Abs(value) > TreeEnsemble.ZeroThreshold)
                    {
                        columnValues[column].Add(value);
                        columnRows[column].Add(Rows + row);
                    }
                }
            }

            Rows += block.Rows;
        }

        // Never empty: the address of an empty array is none.
        values = [.. columnValues.Select(each => (double[])[.. each, 0])];
        indices = [.. columnRows.Select(each => (int[])[.. each, 0])];
        Counts = [.. columnValues.Select(each => each.Count)];
    }

    /// <summary>Sampled rows, those without any value included.</summary>
    public int Rows { get; }

    /// <summary>Values of each column.</summary>
    public int[] Counts { get; }

    public Pinned Pin() => new(this);

    /// <summary>The columns' addresses, until this is disposed.</summary>
    internal sealed class Pinned : IDisposable
    {
        private readonly List<GCHandle> pins = [];

        public Pinned(SampledColumns columns)
        {
            Values = Addresses(columns.values);
            Indices = Addresses(columns.indices);
        }

        public IntPtr Values { get; }

        public IntPtr Indices { get; }

        public void Dispose() => pins.ForEach(pin => pin.Free());

        private IntPtr Addresses(Array[] arrays) => Pin(arrays.Select(Pin).ToArray());

        private IntPtr Pin(Array array)
        {
            var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
            pins.Add(pin);
            return pin.AddrOfPinnedObject();
        }
    }
}
