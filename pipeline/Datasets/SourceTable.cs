using System.Globalization;

namespace Serverless.Pipeline.Datasets;

/// <param name="Name">As users know it.</param>
/// <param name="Raw">Its name in <see cref="SourceTable.Relation"/>: names of users never meet DuckDB's rules on case.</param>
/// <param name="Guess">Type by the start of the file; null when it says nothing. Parquet: its type.</param>
internal sealed record SourceColumn(string Name, string Raw, ColumnType? Guess);

/// <summary>The rows of a source file as DuckDB reads them, and how each column becomes typed.</summary>
internal abstract class SourceTable
{
    /// <summary>Greatest whole number, as SQL.</summary>
    protected static readonly string MaxInteger = TypeGuess.MaxInteger.ToString("F0", CultureInfo.InvariantCulture);

    public required IReadOnlyList<SourceColumn> Columns { get; init; }

    /// <summary>Whether types were guessed and all rows must prove them.</summary>
    public abstract bool Guessed { get; }

    /// <summary>A table expression whose columns are <see cref="SourceColumn.Raw"/>, every text that means "no value" being NULL.</summary>
    /// <param name="types">What each column is wanted as; null reads every column as text.</param>
    public abstract string Relation(IReadOnlyDictionary<SourceColumn, ColumnType>? types);

    /// <summary>The column as its type, from <see cref="Relation"/> with or without types; an SQL error where a value does not fit.</summary>
    public abstract string Typed(SourceColumn column, ColumnType type, bool fromText);

    /// <summary>Whether a text fits a type: true, false or NULL.</summary>
    public static string Fits(string text, ColumnType type) =>
        type switch
        {
            ColumnType.Boolean => $"lower(trim({text})) IN ('true', 'false')",
            ColumnType.Integer => $"(isnan(TRY_CAST({text} AS DOUBLE)) OR {IsWhole($"TRY_CAST({text} AS DOUBLE)")})",
            ColumnType.Number => $"TRY_CAST({text} AS DOUBLE) IS NOT NULL",
            ColumnType.Timestamp => $"TRY_CAST({text} AS TIMESTAMPTZ) IS NOT NULL",
            _ => "true",
        };

    protected static string FromText(string text, ColumnType type) =>
        type switch
        {
            ColumnType.Boolean =>
                $"CASE lower(trim({text})) WHEN 'true' THEN true WHEN 'false' THEN false ELSE {Misfit(text)}::BOOLEAN END",
            ColumnType.Integer => FromNumber($"CAST({text} AS DOUBLE)", type),
            ColumnType.Number => $"CAST({text} AS DOUBLE)",
            ColumnType.Timestamp => $"make_timestamp(epoch_us(CAST({text} AS TIMESTAMPTZ)))",
            _ => text,
        };

    protected static string FromNumber(string number, ColumnType type) =>
        type == ColumnType.Integer
            // The usual case first: the others are then looked at for the few rows that are left. NaN is no whole number here, above any bound.
            ? $"CASE WHEN {IsWhole(number)} THEN CAST({number} AS BIGINT) WHEN {number} IS NULL OR isnan({number}) THEN NULL "
                + $"ELSE {Misfit(number)}::BIGINT END"
            : $"CAST({number} AS DOUBLE)";

    private static string IsWhole(string number) => $"({number} = floor({number}) AND abs({number}) <= {MaxInteger})";

    private static string Misfit(string value) => $"CASE WHEN {value} IS NULL THEN NULL ELSE error('misfit') END";
}
