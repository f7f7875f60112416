using System.Data;
using Microsoft.Data.Sqlite;

namespace Serverless.Local.Durable;

/// <summary>
/// The SQLite database of the index: a row an instance, with what queries ask for in columns and all of it in <see cref="ImageCodec"/>'s bytes.
/// Looking up one, listing many and writing have a connection each: in WAL mode none of them waits for another.
/// </summary>
internal sealed class IndexFile : IDisposable
{
    public const string Name = "index.db";

    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    private const string Schema = """
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS head (one INTEGER PRIMARY KEY CHECK (one = 1), head BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS instance (
            id TEXT NOT NULL PRIMARY KEY, status INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, parent TEXT,
            needs INTEGER NOT NULL, first INTEGER NOT NULL, bytes INTEGER NOT NULL, image BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS reach ON instance (first);
        CREATE INDEX IF NOT EXISTS child ON instance (parent) WHERE parent IS NOT NULL;
        CREATE INDEX IF NOT EXISTS alive ON instance (needs) WHERE needs = 1;
        """;

    private static readonly string[] Extensions = ["", "-wal", "-shm", "-journal"];

    private readonly Lock looks = new();
    private readonly SqliteConnection look;
    private readonly SqliteConnection write;
    private readonly SqliteCommand find;
    private readonly SqliteCommand put;
    private readonly SqliteCommand drop;
    private readonly SqliteCommand putHead;
    private int? room;

    private IndexFile(SqliteConnection write, SqliteConnection look, SqliteConnection list)
    {
        (this.write, this.look) = (write, look);
        // Before the others, which find the tables then.
        Run(write, Schema);
        find = Prepare(look, "SELECT image FROM instance WHERE id = $id", ("$id", SqliteType.Text));
        Lists = new IndexLists(list);
        put = Prepare(
            write,
            "REPLACE INTO instance VALUES ($id, $status, $created, $updated, $parent, $needs, $first, $bytes, $image)",
            ("$id", SqliteType.Text),
            ("$status", SqliteType.Integer),
            ("$created", SqliteType.Integer),
            ("$updated", SqliteType.Integer),
            ("$parent", SqliteType.Text),
            ("$needs", SqliteType.Integer),
            ("$first", SqliteType.Integer),
            ("$bytes", SqliteType.Integer),
            ("$image", SqliteType.Blob)
        );
        // A later one of the same id lies behind it in the log.
        drop = Prepare(
            write,
            "DELETE FROM instance WHERE id = $id AND first <= $first",
            ("$id", SqliteType.Text),
            ("$first", SqliteType.Integer)
        );
        putHead = Prepare(write, "REPLACE INTO head VALUES (1, $head)", ("$head", SqliteType.Blob));
        Head = ReadHead();
    }

    /// <summary>Reads many.</summary>
    public IndexLists Lists { get; }

    /// <summary>As last written.</summary>
    public IndexHead Head { get; private set; }

    /// <summary>Opens it, or makes an empty one.</summary>
    public static IndexFile Open(string folder)
    {
        List<SqliteConnection> connections = [];
        try
        {
            for (var i = 0; i < 3; i++)
                connections.Add(Connect(Path.Combine(folder, Name)));
            return new IndexFile(connections[0], connections[1], connections[2]);
        }
        catch
        {
            connections.ForEach(connection => connection.Dispose());
            throw;
        }
    }

    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, Name));

    public static void Delete(string folder)
    {
        foreach (var extension in Extensions)
            File.Delete(Path.Combine(folder, Name + extension));
        // Of the version before this one.
        File.Delete(Path.Combine(folder, "index"));
    }

    /// <summary>Whether what was thrown says that the file is not what it should be.</summary>
    public static bool IsDamage(Exception exception) =>
        exception is InvalidDataException or OverflowException or SqliteException { SqliteErrorCode: Corrupt or NotADatabase };

    /// <summary>Null: it has none of this id.</summary>
    public InstanceImage? Find(string id)
    {
        lock (looks)
        {
            find.Parameters[0].Value = id;
            using var rows = find.ExecuteReader(CommandBehavior.SingleRow);
            return rows.Read() && ImageOf(rows) is var image && image.Id == id ? image : null;
        }
    }

    /// <summary>Every row is read and looked at; throws at the first that is not as it was written.</summary>
    public static void Verify(string folder, CancellationToken cancellationToken)
    {
        using var own = Connect(Path.Combine(folder, Name));
        using var command = own.CreateCommand();
        command.CommandText = "SELECT image, id FROM instance ORDER BY id";
        using var rows = command.ExecuteReader();
        var last = string.Empty;
        while (rows.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var image = ImageOf(rows);
            // A row that is out of order is not found by its id.
            if (image.Id != rows.GetString(1) || IdOrder.Compare(last, image.Id) >= 0)
                throw new InvalidDataException($"the row of instance '{image.Id}' is not where it belongs");
            last = image.Id;
        }
    }

    /// <summary>All of it or nothing. One thread at a time.</summary>
    /// <param name="puts">Rows.</param>
    /// <param name="drops">Ids to be forgotten where their rows begin no later than at a position.</param>
    /// <param name="head">The head from now on.</param>
    /// <param name="faults">Where to die.</param>
    public void Write(IReadOnlyList<InstanceImage> puts, IReadOnlyList<(string Id, long First)> drops, IndexHead head, FaultPlan faults) =>
        Change(
            head,
            () =>
            {
                foreach (var (id, first) in drops)
                {
                    (drop.Parameters[0].Value, drop.Parameters[1].Value) = (id, first);
                    drop.ExecuteNonQuery();
                }
                for (var i = 0; i < puts.Count; i++)
                {
                    if (i == puts.Count / 2)
                        faults.WritingIndex();
                    Put(puts[i]);
                }
            },
            faults
        );

    /// <summary>Forgets all whose histories begin before a position.</summary>
    public void DropBefore(long position)
    {
        var bytes = BytesBefore(position);
        if (bytes == 0)
            return;
        using var delete = write.CreateCommand();
        delete.CommandText = "DELETE FROM instance WHERE first < $position";
        delete.Parameters.AddWithValue("$position", position);
        Change(Head with { Bytes = Head.Bytes - bytes }, () => delete.ExecuteNonQuery(), FaultPlan.None);
    }

    /// <summary>Bytes of the log that belong to those whose histories begin before a position.</summary>
    public long BytesBefore(long position)
    {
        using var sum = write.CreateCommand();
        sum.CommandText = "SELECT coalesce(sum(bytes), 0) FROM instance WHERE first < $position";
        sum.Parameters.AddWithValue("$position", position);
        return (long)sum.ExecuteScalar()!;
    }

    /// <summary>How many pages the file may have, in tests; null: as many as the disk takes.</summary>
    public void Limit(int? pages)
    {
        if (pages == room)
            return;
        room = pages;
        Run(write, $"PRAGMA max_page_count = {pages ?? int.MaxValue}");
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[find, put, drop, putHead])
            command.Dispose();
        look.Dispose();
        Lists.Dispose();
        // The last one takes the rest of the WAL into the file.
        write.Dispose();
    }

    public static InstanceImage ImageOf(SqliteDataReader rows) => ImageCodec.ReadImage(rows.GetFieldValue<byte[]>(0));

    private void Put(InstanceImage image)
    {
        var values = put.Parameters;
        (values[0].Value, values[1].Value) = (image.Id, (int)image.Status);
        (values[2].Value, values[3].Value) = (image.CreatedAt, image.UpdatedAt);
        (values[4].Value, values[5].Value) = ((object?)image.Parent?.InstanceId ?? DBNull.Value, image.NeedsHistory ? 1 : 0);
        (values[6].Value, values[7].Value) = (image.Place.First, image.Place.Bytes);
        values[8].Value = ImageCodec.Write(image);
        put.ExecuteNonQuery();
    }

    private void Change(IndexHead head, Action act, FaultPlan faults)
    {
        Run(write, "BEGIN IMMEDIATE");
        try
        {
            act();
            putHead.Parameters[0].Value = ImageCodec.Write(head);
            putHead.ExecuteNonQuery();
            faults.WritingIndex();
            Run(write, "COMMIT");
        }
        catch
        {
            // A full disk may have taken it back already.
            if (SQLitePCL.raw.sqlite3_get_autocommit(write.Handle) == 0)
                Run(write, "ROLLBACK");
            throw;
        }
        Head = head;
        faults.WritingIndex();
    }

    private IndexHead ReadHead()
    {
        using var command = write.CreateCommand();
        command.CommandText = "SELECT head FROM head";
        using var rows = command.ExecuteReader();
        return rows.Read() ? ImageCodec.ReadHead(rows.GetFieldValue<byte[]>(0)) : IndexHead.Empty;
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // A commit is not flushed: a power cut takes the last ones back, and the log has them.
            Run(connection, "PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static SqliteCommand Prepare(SqliteConnection connection, string sql, params (string Name, SqliteType Type)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, type) in values)
            command.Parameters.Add(name, type);
        command.Prepare();
        return command;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
