namespace Serverless.GpuWorker.Trainers.Torch.Encoders;

/// <summary>Rows by number over blocks: the rows stay where they were read, and no second copy of them is made.</summary>
internal sealed class RowTable
{
    private readonly TrainingRows rows;
    private readonly int[] starts;

    public RowTable(TrainingRows rows)
    {
        this.rows = rows;
        starts = new int[rows.Blocks.Count];
        for (var block = 1; block < starts.Length; block++)
        {
            starts[block] = starts[block - 1] + rows.Blocks[block - 1].Rows;
        }
    }

    public int Count => rows.Count;

    public ReadOnlySpan<double> this[int row]
    {
        get
        {
            var found = Array.BinarySearch(starts, row);
            // Of several blocks that start here all but the last are empty.
            var block = found >= 0 ? found : ~found - 1;
            while (row - starts[block] >= rows.Blocks[block].Rows)
            {
                block++;
            }

            return rows.Blocks[block].Values.AsSpan((row - starts[block]) * rows.Columns, rows.Columns);
        }
    }

    public float Label(int row) => rows.Labels[row];

    public float Weight(int row) => rows.Weights is { } weights ? weights[row] : 1;

    public bool Weighted => rows.Weights is not null;
}
