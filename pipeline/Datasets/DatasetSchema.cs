namespace Serverless.Pipeline.Datasets;

/// <summary>How a column is stored in Parquet and reaches a model.</summary>
public enum ColumnType
{
    /// <summary>DOUBLE; a model receives float64, NaN for missing.</summary>
    Number,

    /// <summary>BIGINT; a model receives float64, NaN for missing.</summary>
    Integer,

    /// <summary>BOOLEAN; a model receives 0 or 1 as float64, NaN for missing.</summary>
    Boolean,

    /// <summary>VARCHAR; a model receives a string, empty for missing.</summary>
    Text,

    /// <summary>TIMESTAMP in UTC (dates too); a model receives seconds since 1970-01-01 as float64, NaN for missing.</summary>
    Timestamp,
}

/// <param name="Name">As in the header, trimmed, byte-order mark removed.</param>
/// <param name="Type">Held from the first run on.</param>
/// <param name="Nullable">Whether missing values were seen when the schema was made.</param>
/// <param name="Domain">The distinct values of a text column with at most 100 of them; else null.</param>
public sealed record ColumnSchema(string Name, ColumnType Type, bool Nullable, IReadOnlyList<string>? Domain = null);

/// <summary><c>schema.json</c>: the columns in the file's order.</summary>
public sealed record DatasetSchema(IReadOnlyList<ColumnSchema> Columns)
{
    public ColumnSchema? Find(string name) => Columns.FirstOrDefault(column => column.Name == name);
}
