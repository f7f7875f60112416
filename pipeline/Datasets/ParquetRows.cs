namespace Serverless.Pipeline.Datasets;

/// <summary>Streams the rows of a Parquet file of ours, in the file's order, in the form that a model takes.</summary>
public static class ParquetRows
{
    /// <summary>
    /// Batches of exactly <paramref name="batchRows"/> rows (the last may be shorter) with the columns in the given order. Memory does
    /// not grow with the file. The arrays of a batch are overwritten by the next one: copy what must stay.
    /// </summary>
    /// <param name="path">A local file.</param>
    /// <param name="columns">Which columns, and as what; see <see cref="ColumnType"/> for the values.</param>
    /// <param name="batchRows">1 or more; 8,192 to 65,536 is quick.</param>
    /// <param name="cancellationToken">Looked at between batches.</param>
    /// <exception cref="InvalidDataException">The file is not Parquet, lacks a column, or has it as another type.</exception>
    public static IEnumerable<ColumnBatch> Read(
        string path,
        IReadOnlyList<ColumnSchema> columns,
        int batchRows,
        CancellationToken cancellationToken
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchRows, 1);
        if (columns.Count == 0)
        {
            throw new ArgumentException("Found no columns to read; expected at least one.", nameof(columns));
        }

        return ReadRows(path, columns, batchRows, cancellationToken);
    }

    private static IEnumerable<ColumnBatch> ReadRows(
        string path,
        IReadOnlyList<ColumnSchema> columns,
        int batchRows,
        CancellationToken cancellationToken
    )
    {
        using var session = new DuckDbSession(path + ".reading", new DuckDbLimits { MemoryMb = 256 });
        using var stream = Open(session, path, columns);
        var buffers = columns.Select(column => new ColumnBuffer(column, batchRows)).ToArray();
        var values = buffers.Select(buffer => buffer.Values).ToArray();
        var filled = 0;
        while (stream.Next() is { } next)
        {
            using var chunk = next;
            for (var start = 0; start < chunk.Rows; )
            {
                var take = Math.Min(chunk.Rows - start, batchRows - filled);
                for (var column = 0; column < buffers.Length; column++)
                {
                    buffers[column].Copy(chunk.Vector(column), start, filled, take);
                }

                (start, filled) = (start + take, filled + take);
                if (filled == batchRows)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return new ColumnBatch(filled, values);
                    filled = 0;
                }
            }
        }

        if (filled > 0)
        {
            yield return new ColumnBatch(filled, values);
        }
    }

    private static VectorStream Open(DuckDbSession session, string path, IReadOnlyList<ColumnSchema> columns)
    {
        var selected = string.Join(", ", columns.Select(Expression));
        try
        {
            return new VectorStream(session.Connection, $"SELECT {selected} FROM read_parquet({Sql.Text(path)})");
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException(
                $"File '{Path.GetFileName(path)}' cannot be read as Parquet with columns "
                    + $"{string.Join(", ", columns.Take(20).Select(column => $"'{column.Name}' ({column.Type})"))}: {error.Message}",
                error
            );
        }
    }

    /// <summary>Every column arrives as DOUBLE or VARCHAR and without NULL, so that vectors can be copied as they are.</summary>
    private static string Expression(ColumnSchema column)
    {
        var name = Sql.Name(column.Name);
        return column.Type switch
        {
            ColumnType.Text => $"coalesce(CAST({name} AS VARCHAR), '')",
            ColumnType.Timestamp => $"coalesce(epoch_us(CAST({name} AS TIMESTAMP))::DOUBLE / 1e6, 'NaN'::DOUBLE)",
            _ => $"coalesce(CAST({name} AS DOUBLE), 'NaN'::DOUBLE)",
        };
    }
}
