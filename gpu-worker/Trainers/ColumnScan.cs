using System.Globalization;
using Serverless.Pipeline.Datasets;

namespace Serverless.GpuWorker.Trainers;

/// <summary>One feature's column of the training rows: its values into the block, and what they are like.</summary>
internal sealed class ColumnScan(ColumnSchema column)
{
    private readonly CategoryCount? categories = column.Type == ColumnType.Text ? new() : null;
    private double first;
    private bool any;
    private bool varies;

    public void Fill(ColumnValues values, ReadOnlySpan<int> rows, Span<double> block, int index, int columns)
    {
        if (categories is not null)
        {
            var texts = values.Texts!;
            for (var i = 0; i < rows.Length; i++)
            {
                block[i * columns + index] = categories.Add(texts[rows[i]]);
            }

            return;
        }

        var numbers = values.Numbers!;
        if (!any && rows.Length > 0)
        {
            (first, any) = (numbers[rows[0]], true);
        }

        for (var i = 0; i < rows.Length; i++)
        {
            var value = numbers[rows[i]];
            block[i * columns + index] = value;
            varies |= !value.Equals(first);
        }
    }

    /// <summary>Why the column can teach nothing; null when it varies.</summary>
    public string? WhyConstant()
    {
        if (categories is not null)
        {
            return categories.Distinct == 0 ? "no value in any training row"
                : categories.Distinct == 1 && categories.Missing == 0 ? "the same value in every training row"
                : null;
        }

        return varies ? null
            : double.IsNaN(first) || !any ? "no value in any training row"
            : $"{first.ToString("R", CultureInfo.InvariantCulture)} in every training row";
    }

    public (CategoryCodes Codes, int[] Final)? Settle(int maxCategories) => categories?.Settle(maxCategories);
}
