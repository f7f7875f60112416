using Azure;
using Azure.Data.Tables;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Registry;

/// <summary>
/// Gives every run of a model exactly one number, and numbers only grow: the counter and the row that says who got which number change in
/// one table transaction, so a repeat of the same run finds its own number whatever was killed in between.
/// </summary>
internal sealed class VersionNumbers(StorageClients storage)
{
    private const string CounterRow = "versions";
    private const string Latest = "Latest";
    private const string Version = "Version";

    private readonly TableClient _table = storage.Table(Tables.Models);

    /// <summary>The run's number: the one it has, or a new one.</summary>
    /// <param name="isTaken">
    /// Whether another run's model lies under a number. The emulator can lose the last seconds of a table when it is killed; a number whose
    /// model is still there must not be given out again.
    /// </param>
    public async Task<int> ReserveAsync(
        string model,
        string runId,
        Func<int, CancellationToken, Task<bool>> isTaken,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (await FindAsync(model, runId, cancellationToken) is { } known)
            {
                return known;
            }

            var counter = await ReadAsync(model, CounterRow, cancellationToken);
            var next = (counter?.GetInt32(Latest) ?? 0) + 1;
            while (await isTaken(next, cancellationToken))
            {
                next++;
            }

            try
            {
                await _table.SubmitTransactionAsync(Reservation(model, runId, counter, next), cancellationToken);
                return next;
            }
            catch (RequestFailedException raced) when (raced.Status is 409 or 412)
            {
                // Another run, or this one a moment ago, was quicker: look again.
            }
        }
    }

    public async Task<int?> FindAsync(string model, string runId, CancellationToken cancellationToken) =>
        (await ReadAsync(model, RunRow(runId), cancellationToken))?.GetInt32(Version);

    /// <summary>Every model with its highest number.</summary>
    public async Task<IReadOnlyDictionary<string, int>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new SortedDictionary<string, int>(StringComparer.Ordinal);
        await foreach (
            var row in _table
                .QueryAsync<TableEntity>($"RowKey eq '{CounterRow}'", cancellationToken: cancellationToken)
                .WithCancellation(cancellationToken)
        )
        {
            all[row.PartitionKey] = row.GetInt32(Latest) ?? 0;
        }

        return all;
    }

    private static List<TableTransactionAction> Reservation(string model, string runId, TableEntity? counter, int next)
    {
        var moved = new TableEntity(model, CounterRow) { [Latest] = next };
        return
        [
            counter is null
                ? new TableTransactionAction(TableTransactionActionType.Add, moved)
                : new TableTransactionAction(TableTransactionActionType.UpdateReplace, moved, counter.ETag),
            new TableTransactionAction(TableTransactionActionType.Add, new TableEntity(model, RunRow(runId)) { [Version] = next }),
        ];
    }

    private async Task<TableEntity?> ReadAsync(string model, string row, CancellationToken cancellationToken)
    {
        var found = await _table.GetEntityIfExistsAsync<TableEntity>(model, row, cancellationToken: cancellationToken);
        return found.HasValue ? found.Value : null;
    }

    private static string RunRow(string runId) => $"run-{runId}";
}
