using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Serverless.Pipeline.Datasets;

/// <summary>A result of DuckDB as it is made, chunk by chunk: nothing is held but the current chunk.</summary>
internal sealed class VectorStream : IDisposable
{
    private readonly DuckDBPreparedStatement statement;
    private DuckDBResult result;

    public VectorStream(DuckDBConnection connection, string sql)
    {
        if (NativeMethods.PreparedStatements.DuckDBPrepare(connection.NativeConnection, sql, out statement) != DuckDBState.Success)
        {
            using (statement)
            {
                throw new InvalidDataException(NativeMethods.PreparedStatements.DuckDBPrepareError(statement));
            }
        }

        if (NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out result) != DuckDBState.Success)
        {
            var message = NativeMethods.Query.DuckDBResultError(ref result);
            Dispose();
            throw new InvalidDataException(message);
        }
    }

    /// <summary>The next chunk, which the caller disposes; null at the end.</summary>
    public VectorChunk? Next()
    {
        var chunk = NativeMethods.StreamingResult.DuckDBStreamFetchChunk(result);
        if (!chunk.IsInvalid)
        {
            return new VectorChunk(chunk);
        }

        chunk.Dispose();
        return NativeMethods.Query.DuckDBResultError(ref result) is { Length: > 0 } error ? throw new InvalidDataException(error) : null;
    }

    public void Dispose()
    {
        result.Close();
        statement.Dispose();
    }
}

/// <summary>Up to 2,048 rows. Its vectors are gone with it.</summary>
internal sealed class VectorChunk(DuckDBDataChunk chunk) : IDisposable
{
    public int Rows { get; } = (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);

    public IntPtr Vector(int column) => NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, column);

    public void Dispose() => chunk.Dispose();
}
