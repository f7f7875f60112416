using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Training;

namespace Serverless.Pipeline.Batch;

/// <summary>
/// How a column of any file becomes what a model takes, by the rules of rows that come over HTTP (docs/serving.md): DOUBLE with NaN for missing,
/// VARCHAR with '' for missing; and when a value is none.
/// </summary>
/// <param name="Input">What the model takes.</param>
/// <param name="Native">DuckDB's type of the column.</param>
/// <param name="Raw">The column as an expression.</param>
/// <param name="Name">A name that no data has: <c>{Name}t</c> is its text, <c>{Name}f</c> the feature.</param>
internal sealed record FeatureSql(FeatureInput Input, string Native, string Raw, string Name)
{
    private const int Shown = 40;

    private ColumnType From => ParquetTable.TypeOf(Native) ?? ColumnType.Text;

    private bool NeedsText => From == ColumnType.Text && Input.Type != ColumnType.Text;

    /// <summary>Whether any value of such a column can be one of the model's.</summary>
    public static bool CanBe(string native, ColumnType wanted) =>
        ParquetTable.TypeOf(native) switch
        {
            null => false,
            ColumnType.Text => true,
            ColumnType.Timestamp => wanted is ColumnType.Timestamp or ColumnType.Text,
            ColumnType.Boolean => wanted != ColumnType.Timestamp,
            _ => true,
        };

    /// <summary>First step: the text, trimmed and NULL where it is missing; null when there is nothing to do.</summary>
    public string? Text(IReadOnlyList<string> missing) => NeedsText ? $"nullif(trim({Given(missing)}), '') AS {Name}t" : null;

    /// <summary>Second step: the feature, NULL where it is missing or no value.</summary>
    public string Feature(IReadOnlyList<string> missing)
    {
        var text = $"{Name}t";
        var expression = (From, Input.Type) switch
        {
            (ColumnType.Text, ColumnType.Text) => Given(missing),
            (_, ColumnType.Text) => $"CAST({Raw} AS VARCHAR)",
            (ColumnType.Text, ColumnType.Boolean) =>
                $"CASE lower({text}) WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE ELSE TRY_CAST({text} AS DOUBLE) END",
            // The year first: 03/04/2026 is March to some and April to others.
            (ColumnType.Text, ColumnType.Timestamp) =>
                $"CASE WHEN length({text}) >= 10 AND {text}[5] = '-' AND {text}[8] = '-' THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))::DOUBLE / 1e6 "
                    + $"ELSE TRY_CAST({text} AS DOUBLE) END",
            (ColumnType.Text, _) => $"TRY_CAST({text} AS DOUBLE)",
            (ColumnType.Timestamp, _) => $"epoch_us(CAST({Raw} AS {(HasZone ? "TIMESTAMPTZ" : "TIMESTAMP")}))::DOUBLE / 1e6",
            _ => $"CAST({Raw} AS DOUBLE)",
        };
        return $"{expression} AS {Name}f";
    }

    /// <summary>Third step: whether the value is none; null when that cannot be.</summary>
    public string? Bad
    {
        get
        {
            if (Input.Type == ColumnType.Text || Native is "BOOLEAN" || From == ColumnType.Timestamp)
            {
                return null;
            }

            var feature = $"{Name}f";
            var outside = Input.Type == ColumnType.Boolean ? $"{feature} NOT IN (0, 1) AND NOT isnan({feature})" : $"isinf({feature})";
            return From == ColumnType.Text ? $"({Name}t IS NOT NULL AND ({feature} IS NULL OR ({outside})))"
                : From == ColumnType.Integer && Input.Type != ColumnType.Boolean ? null
                : $"({outside})";
        }
    }

    /// <summary>What is wrong with a value for which <see cref="Bad"/> holds.</summary>
    public string Reason
    {
        get
        {
            var expected = Input.Type switch
            {
                ColumnType.Boolean => "true, false, 0 or 1",
                ColumnType.Timestamp => "a time as ISO 8601 text (2026-05-31T12:00:00Z) or seconds since 1970",
                _ => "a number",
            };
            var found = From == ColumnType.Text ? $"left({Name}t, {Shown})" : $"CAST({Raw} AS VARCHAR)";
            return $"concat({Sql.Text($"column '{Input.Name}': found '")}, {found}, {Sql.Text($"'; expected {expected}, or nothing where it is missing")})";
        }
    }

    /// <summary>Last step: as the model takes it.</summary>
    public string Argument => Input.Type == ColumnType.Text ? $"coalesce({Name}f, '')" : $"coalesce({Name}f, 'NaN'::DOUBLE)";

    private bool HasZone => Native.Contains("WITH TIME ZONE", StringComparison.Ordinal);

    private string Given(IReadOnlyList<string> missing)
    {
        var text = Native == "VARCHAR" ? Raw : $"CAST({Raw} AS VARCHAR)";
        // Not IN: of more than a few values DuckDB makes a join, which holds a piece of under 64 rows back to the end.
        return missing.Count == 0 ? text : $"CASE WHEN list_contains({Sql.Texts(missing)}, {text}) THEN NULL ELSE {text} END";
    }
}
