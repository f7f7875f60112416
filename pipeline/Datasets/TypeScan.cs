namespace Serverless.Pipeline.Datasets;

/// <param name="Column">Which.</param>
/// <param name="Rows">How many values do not fit.</param>
/// <param name="Row">The first of them; 1 is the first row of data.</param>
/// <param name="Value">As written there.</param>
internal sealed record Misfit(SourceColumn Column, long Rows, long Row, string Value);

/// <summary>Looks at every value as text: what type a column can be, and which values do not fit one. Slow; taken when a guess fails.</summary>
internal static class TypeScan
{
    /// <summary>Columns in one statement.</summary>
    private const int Group = 100;

    /// <summary>The narrowest type that all values of each column fit; text for a column without values.</summary>
    public static Dictionary<SourceColumn, ColumnType> Infer(
        DuckDbSession session,
        SourceTable table,
        IEnumerable<SourceColumn> columns,
        CancellationToken cancellationToken
    )
    {
        var types = new Dictionary<SourceColumn, ColumnType>();
        ColumnType[] narrow = [ColumnType.Integer, ColumnType.Number, ColumnType.Boolean, ColumnType.Timestamp];
        foreach (var group in columns.Chunk(Group))
        {
            var counts = group.SelectMany(column =>
                narrow
                    .Select(type => $"count(*) FILTER ({SourceTable.Fits(Sql.Name(column.Raw), type)})")
                    .Prepend($"count({Sql.Name(column.Raw)})")
            );
            var found = session.Single(
                $"SELECT {string.Join(", ", counts)} FROM {table.Relation(null)}",
                row => Enumerable.Range(0, row.FieldCount).Select(row.GetInt64).ToArray(),
                cancellationToken
            );
            foreach (var (index, column) in group.Index())
            {
                var at = index * (narrow.Length + 1);
                var fitting = narrow
                    .Index()
                    .Where(type => found[at] > 0 && found[at + 1 + type.Index] == found[at])
                    .Select(type => type.Item);
                types[column] = fitting.Append(ColumnType.Text).First();
            }
        }

        return types;
    }

    /// <summary>The columns with values that do not fit.</summary>
    public static List<Misfit> Misfits(
        DuckDbSession session,
        SourceTable table,
        IReadOnlyDictionary<SourceColumn, ColumnType> types,
        CancellationToken cancellationToken
    )
    {
        var misfits = new List<Misfit>();
        foreach (var group in types.Where(pair => pair.Value != ColumnType.Text).Chunk(Group))
        {
            var selected = group.Select(pair =>
            {
                var name = Sql.Name(pair.Key.Raw);
                var bad = $"FILTER ({name} IS NOT NULL AND NOT coalesce({SourceTable.Fits(name, pair.Value)}, false))";
                return $"count(*) {bad}, min(r) {bad}, arg_min({name}, r) {bad}";
            });
            var found = session.Single(
                $"SELECT {string.Join(", ", selected)} FROM (SELECT row_number() OVER () AS r, * FROM {table.Relation(null)})",
                row =>
                    group
                        .Index()
                        .Where(pair => row.GetInt64(pair.Index * 3) > 0)
                        .Select(pair => new Misfit(
                            pair.Item.Key,
                            row.GetInt64(pair.Index * 3),
                            row.GetInt64((pair.Index * 3) + 1),
                            row.GetString((pair.Index * 3) + 2)
                        ))
                        .ToList(),
                cancellationToken
            );
            misfits.AddRange(found);
        }

        return misfits;
    }
}
