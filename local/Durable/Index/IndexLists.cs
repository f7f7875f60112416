using Microsoft.Data.Sqlite;

namespace Serverless.Local.Durable;

/// <summary>Reads many rows of the index, one question at a time.</summary>
internal sealed class IndexLists : IDisposable
{
    private readonly Lock lists = new();
    private readonly SqliteConnection list;
    private readonly SqliteCommand select;

    /// <param name="list">Its own from now on.</param>
    public IndexLists(SqliteConnection list)
    {
        this.list = list;
        select = IndexFile.Prepare(
            list,
            """
            SELECT image FROM instance WHERE id >= $from AND ($statuses >> status) & 1
            AND created BETWEEN $createdFrom AND $createdTo AND updated BETWEEN $updatedFrom AND $updatedTo ORDER BY id
            """,
            ("$from", SqliteType.Text),
            ("$statuses", SqliteType.Integer),
            ("$createdFrom", SqliteType.Integer),
            ("$createdTo", SqliteType.Integer),
            ("$updatedFrom", SqliteType.Integer),
            ("$updatedTo", SqliteType.Integer)
        );
    }

    /// <summary>Those of a filter, by id, until <paramref name="take"/> has enough and says false.</summary>
    public void Select(InstanceFilter filter, string? after, Func<InstanceImage, bool> take)
    {
        lock (lists)
        {
            var values = select.Parameters;
            var from = after is null || IdOrder.Compare(after, filter.Prefix) < 0 ? filter.Prefix : after;
            (values[0].Value, values[1].Value) = (from, filter.Statuses);
            (values[2].Value, values[3].Value) = (filter.CreatedFrom, filter.CreatedTo);
            (values[4].Value, values[5].Value) = (filter.UpdatedFrom, filter.UpdatedTo);
            using var rows = select.ExecuteReader();
            while (rows.Read())
            {
                var image = IndexFile.ImageOf(rows);
                if (!image.Id.StartsWith(filter.Prefix, StringComparison.Ordinal) || (image.Id != after && !take(image)))
                    return;
            }
        }
    }

    public List<InstanceImage> ChildrenOf(string parent) => Images("SELECT image FROM instance WHERE parent = $text", parent);

    /// <summary>Those whose history a start has to read.</summary>
    public List<InstanceImage> Unfinished() => Images("SELECT image FROM instance WHERE needs = 1", string.Empty);

    /// <summary>Those whose history reaches before a position, the oldest first, behind the one of <paramref name="after"/>.</summary>
    public List<(long First, string Id)> Reaching(long before, (long First, string Id) after, int most)
    {
        lock (lists)
        {
            using var command = list.CreateCommand();
            command.CommandText =
                "SELECT first, id FROM instance WHERE first < $before AND (first, id) > ($first, $id) ORDER BY first, id LIMIT $most";
            command.Parameters.AddWithValue("$before", before);
            command.Parameters.AddWithValue("$first", after.First);
            command.Parameters.AddWithValue("$id", after.Id);
            command.Parameters.AddWithValue("$most", most);
            using var rows = command.ExecuteReader();
            List<(long, string)> found = [];
            while (rows.Read())
                found.Add((rows.GetInt64(0), rows.GetString(1)));
            return found;
        }
    }

    /// <summary>All ids and where their histories begin, in no order; for what the columns do not tell.</summary>
    public void EachId(Action<string, long> see)
    {
        lock (lists)
        {
            using var command = list.CreateCommand();
            command.CommandText = "SELECT id, first FROM instance";
            using var rows = command.ExecuteReader();
            while (rows.Read())
                see(rows.GetString(0), rows.GetInt64(1));
        }
    }

    public void Dispose()
    {
        select.Dispose();
        list.Dispose();
    }

    private List<InstanceImage> Images(string sql, string text)
    {
        lock (lists)
        {
            using var command = list.CreateCommand();
            command.CommandText = sql;
            command.Parameters.AddWithValue("$text", text);
            using var rows = command.ExecuteReader();
            List<InstanceImage> found = [];
            while (rows.Read())
                found.Add(IndexFile.ImageOf(rows));
            return found;
        }
    }
}
