namespace Serverless.Pipeline.Datasets;

/// <summary>
/// Rows as a model takes them, in a file that any program reads: text as text (empty is missing), all else as DOUBLE (NULL or an empty field is
/// missing), the target last.
/// </summary>
public static class ModelRows
{
    /// <param name="source">A Parquet file of ours.</param>
    /// <param name="destination">To be written, in the file's order of rows.</param>
    /// <param name="features">In the order that they shall have.</param>
    /// <param name="target">Rows without it are left out.</param>
    /// <param name="classes">
    /// Texts of the classes: the target becomes the index (0 is the first), and rows of other classes are left out. Null: the target is a
    /// number.
    /// </param>
    /// <param name="csv">Parquet otherwise.</param>
    /// <param name="cancellationToken">Breaks off.</param>
    /// <returns>Rows written.</returns>
    public static long Write(
        string source,
        string destination,
        IReadOnlyList<ColumnSchema> features,
        ColumnSchema target,
        IReadOnlyList<string>? classes,
        bool csv,
        CancellationToken cancellationToken
    )
    {
        var label = classes is null ? ColumnSql.Number(target) : Index(target, classes);
        var columns = features.Select(Column).Append($"{label} AS {Sql.Name(target.Name)}");
        var from = $"SELECT {string.Join(", ", columns)} FROM read_parquet({Sql.Text(source)}) WHERE isfinite(({label})::DOUBLE)";
        var format = csv ? "FORMAT csv, HEADER" : "FORMAT parquet, COMPRESSION zstd";
        using var session = new DuckDbSession(destination + ".writing");
        return session.Execute($"COPY ({from}) TO {Sql.Text(destination)} ({format})", cancellationToken);
    }

    private static string Column(ColumnSchema column) =>
        $"{(column.Type == ColumnType.Text ? $"coalesce(CAST({Sql.Name(column.Name)} AS VARCHAR), '')" : ColumnSql.Number(column))} AS {Sql.Name(column.Name)}";

    /// <summary>NULL for other values.</summary>
    private static string Index(ColumnSchema target, IReadOnlyList<string> classes)
    {
        var value = target.Type == ColumnType.Text ? Sql.Name(target.Name) : ColumnSql.Number(target);
        var cases = classes.Select((name, index) => $"WHEN {value} = {Literal(name, target.Type)} THEN {index}");
        return $"(CASE {string.Join(' ', cases)} END)";
    }

    // The text of a class is its value's shortest form, so it gives the value back exactly.
    private static string Literal(string name, ColumnType type) =>
        type switch
        {
            ColumnType.Text => Sql.Text(name),
            ColumnType.Boolean => name == "true" ? "1" : "0",
            _ => Sql.Number(double.Parse(name, System.Globalization.CultureInfo.InvariantCulture)),
        };
}
