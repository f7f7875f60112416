namespace Serverless.Pipeline.Datasets;

/// <summary>
/// Rows of a data set column by column, in the form that a model takes: see <see cref="ColumnType"/>. Made by the Parquet reader and by the
/// JSON readers of serving, taken by training, evaluation and scoring.
/// </summary>
/// <param name="Rows">Number of rows; every column has as many values.</param>
/// <param name="Columns">In any order; found by name.</param>
public sealed record ColumnBatch(int Rows, IReadOnlyList<ColumnValues> Columns)
{
    public ColumnValues? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);
}

/// <summary>The values of one column: <see cref="Texts"/> for text, <see cref="Numbers"/> for all else.</summary>
public sealed record ColumnValues
{
    public ColumnValues(string name, ColumnType type, double[] numbers) => (Name, Type, Numbers) = (name, type, numbers);

    public ColumnValues(string name, string[] texts) => (Name, Type, Texts) = (name, ColumnType.Text, texts);

    public string Name { get; }

    public ColumnType Type { get; }

    /// <summary>NaN is missing. The array may be longer than the batch (it is reused).</summary>
    public double[]? Numbers { get; }

    /// <summary>Empty is missing. The array may be longer than the batch (it is reused).</summary>
    public string[]? Texts { get; }
}
