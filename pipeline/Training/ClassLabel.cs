using System.Globalization;
using Serverless.Pipeline.Datasets;

namespace Serverless.Pipeline.Training;

/// <summary>
/// The one way in which a value of the target becomes the text of a class: in a model's signature, in its predictions, in every score.
/// </summary>
public static class ClassLabel
{
    /// <summary>
    /// Text as it is, numbers in their shortest form (<c>0</c>, <c>1</c>, <c>2.5</c>), booleans as <c>true</c> and <c>false</c>;
    /// null where the value is missing.
    /// </summary>
    public static string? Of(ColumnValues column, int row)
    {
        if (column.Texts is { } texts)
        {
            return texts[row] is { Length: > 0 } text ? text : null;
        }

        return Of(column.Numbers![row], column.Type);
    }

    /// <summary>The class of a number in a column of this type; null for NaN.</summary>
    public static string? Of(double value, ColumnType type) =>
        double.IsNaN(value) ? null
        : type == ColumnType.Boolean ? (value != 0 ? "true" : "false")
        : (value == 0 ? 0 : value).ToString("R", CultureInfo.InvariantCulture);
}
