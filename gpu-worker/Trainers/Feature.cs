using Serverless.Pipeline.Datasets;

namespace Serverless.GpuWorker.Trainers;

/// <summary>A column as a trainer sees it.</summary>
/// <param name="Column">The data set's column.</param>
/// <param name="Codes">Of a text column; null for others.</param>
internal sealed record Feature(ColumnSchema Column, CategoryCodes? Codes)
{
    /// <summary>Copies the column of a batch into a row-major block.</summary>
    public void Fill(ColumnValues values, int start, int rows, Span<double> block, int column, int columns)
    {
        if (Codes is { } codes)
        {
            var texts = values.Texts.AsSpan(start, rows);
            for (var row = 0; row < rows; row++)
            {
                block[row * columns + column] = codes.Of(texts[row]);
            }
        }
        else
        {
            var numbers = values.Numbers.AsSpan(start, rows);
            for (var row = 0; row < rows; row++)
            {
                block[row * columns + column] = numbers[row];
            }
        }
    }
}

/// <summary>The features of a model in the order of its inputs, and how rows become a matrix.</summary>
internal sealed class FeatureSet(IReadOnlyList<Feature> features)
{
    public IReadOnlyList<Feature> Features => features;

    public int Count => features.Count;

    public IReadOnlyList<ColumnSchema> Columns { get; } = [.. features.Select(feature => feature.Column)];

    public IReadOnlyList<int> Categorical { get; } = [.. features.Index().Where(f => f.Item.Codes is not null).Select(f => f.Index)];

    /// <summary>Row-major values of some rows of a batch whose first columns are the features, in order.</summary>
    public double[] Matrix(ColumnBatch batch, int start, int rows)
    {
        var values = new double[rows * Count];
        for (var column = 0; column < Count; column++)
        {
            features[column].Fill(batch.Columns[column], start, rows, values, column, Count);
        }

        return values;
    }
}
