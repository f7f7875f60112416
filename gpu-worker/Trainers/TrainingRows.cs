namespace Serverless.GpuWorker.Trainers;

/// <summary>A run of rows, row-major: features as the model sees them, categories as codes.</summary>
internal sealed record RowBlock(double[] Values, int Rows);

/// <summary>Features and labels in memory, in blocks, so that no array grows with the data.</summary>
internal sealed class TrainingRows(int columns)
{
    private readonly List<RowBlock> blocks = [];

    public int Columns => columns;

    public int Count => Labels.Count;

    public IReadOnlyList<RowBlock> Blocks => blocks;

    /// <summary>Index of the class, or the value.</summary>
    public List<float> Labels { get; } = [];

    /// <summary>Null: all rows weigh the same.</summary>
    public float[]? Weights { get; set; }

    public void Add(RowBlock block) => blocks.Add(block);

    /// <summary>Lets the values go once the trainer has its own form of them.</summary>
    public void ReleaseValues() => blocks.Clear();
}
