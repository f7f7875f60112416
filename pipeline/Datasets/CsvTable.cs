namespace Serverless.Pipeline.Datasets;

/// <summary>A CSV file, plain or gzip-compressed.</summary>
internal sealed class CsvTable(SourceFile file, SourceKind kind, char delimiter, ReadingOptions options) : SourceTable
{
    /// <summary>Longest line, in bytes. DuckDB's buffers are 16 times as long.</summary>
    private const int MaxLine = 2 << 20;

    public override bool Guessed => true;

    public static CsvTable Open(SourceFile file, SourceFormat format, ReadingOptions options)
    {
        var header = CsvHeader.Sniff(format, options);
        return new CsvTable(file, format.Kind, header.Delimiter, options)
        {
            Columns = [.. header.Names.Select((name, index) => new SourceColumn(name, $"c{index}", header.Guesses[index]))],
        };
    }

    public override string Relation(IReadOnlyDictionary<SourceColumn, ColumnType>? types) => Read(types, "");

    /// <summary>Every column as text; lines that are no rows go to the table reject_errors.</summary>
    public string Rejecting(int limit) => Read(null, $", store_rejects = true, rejects_limit = {limit}");

    public override string Typed(SourceColumn column, ColumnType type, bool fromText) =>
        !fromText && type is ColumnType.Number or ColumnType.Integer ? FromNumber(column.Raw, type) : FromText(column.Raw, type);

    private string Read(IReadOnlyDictionary<SourceColumn, ColumnType>? types, string more)
    {
        var columns = string.Join(", ", Columns.Select(column => $"{column.Raw}: {Sql.Text(Native(types, column))}"));
        return $"read_csv({Sql.Text(file.Path)}, auto_detect = false, header = true, delim = {Sql.Text(delimiter.ToString())}, quote = '\"', "
            + $"escape = '\"', nullstr = {Sql.Texts(["", .. options.Missing])}, max_line_size = {MaxLine}, "
            + $"compression = '{(kind == SourceKind.GzipCsv ? "gzip" : "none")}', columns = {{{columns}}}{more})";
    }

    private static string Native(IReadOnlyDictionary<SourceColumn, ColumnType>? types, SourceColumn column) =>
        types?.GetValueOrDefault(column, ColumnType.Text) is ColumnType.Number or ColumnType.Integer ? "DOUBLE" : "VARCHAR";
}
