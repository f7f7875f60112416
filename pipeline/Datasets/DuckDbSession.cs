using DuckDB.NET.Data;

namespace Serverless.Pipeline.Datasets;

/// <summary>
/// One DuckDB in-memory database: always with its own temporary folder, memory limit and number of threads, and never with the network.
/// Not thread-safe.
/// </summary>
public sealed class DuckDbSession : IDisposable
{
    private readonly string temporaryFolder;

    /// <param name="temporaryFolder">Made when DuckDB spills, deleted with the session.</param>
    /// <param name="limits">Memory, threads, disk.</param>
    public DuckDbSession(string temporaryFolder, DuckDbLimits? limits = null)
    {
        limits ??= new DuckDbLimits();
        this.temporaryFolder = temporaryFolder;
        Connection = new DuckDBConnection("DataSource=:memory:");
        try
        {
            Connection.Open();
            Execute(
                $"""
                SET temp_directory = {Sql.Text(temporaryFolder)};
                SET max_temp_directory_size = '{limits.SpillMb}MB';
                SET memory_limit = '{limits.MemoryMb}MB';
                SET threads = {limits.Threads};
                SET autoinstall_known_extensions = false;
                SET autoload_known_extensions = false;
                SET enable_progress_bar = false;
                """,
                CancellationToken.None
            );
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    public DuckDBConnection Connection { get; }

    /// <summary>Runs statements; a cancelled one throws <see cref="OperationCanceledException"/>.</summary>
    /// <returns>Rows that were written, by statements that write.</returns>
    public int Execute(string sql, CancellationToken cancellationToken) =>
        Run(sql, command => command.ExecuteNonQuery(), cancellationToken);

    /// <summary>All rows of a small result, each read by <paramref name="read"/>.</summary>
    public List<T> Query<T>(string sql, Func<DuckDBDataReader, T> read, CancellationToken cancellationToken) =>
        Run(
            sql,
            command =>
            {
                using var reader = command.ExecuteReader();
                var rows = new List<T>();
                while (reader.Read())
                {
                    rows.Add(read(reader));
                }

                return rows;
            },
            cancellationToken
        );

    /// <summary>The one row of a result.</summary>
    public T Single<T>(string sql, Func<DuckDBDataReader, T> read, CancellationToken cancellationToken) =>
        Query(sql, read, cancellationToken).Single();

    public void Dispose()
    {
        Connection.Dispose();
        if (Directory.Exists(temporaryFolder))
        {
            Directory.Delete(temporaryFolder, recursive: true);
        }
    }

    private T Run<T>(string sql, Func<DuckDBCommand, T> run, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        using var registration = cancellationToken.Register(command.Cancel);
        try
        {
            return run(command);
        }
        catch (DuckDBException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
