using System.Globalization;
using Azure;
using Serverless.Pipeline.Storage;

namespace Serverless.Cli.Doctor;

/// <summary>What waits, who takes it, and what was given up.</summary>
internal sealed class QueueCheck(StorageClients storage, TimeProvider time, bool local)
{
    private const string Poison = "-poison";
    private const int Peeked = 32;

    /// <summary>A machine needs minutes to start; after this long it is late.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

    /// <param name="queues">Those that are there.</param>
    /// <param name="cancellationToken">Stops looking.</param>
    public async Task<IReadOnlyList<Finding>> RunAsync(IReadOnlyList<string> queues, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>();
        foreach (var queue in queues.Where(name => Queues.All.Contains(name) || name.EndsWith(Poison, StringComparison.Ordinal)))
        {
            try
            {
                findings.Add(await LookAsync(queue, cancellationToken));
            }
            catch (RequestFailedException refused)
            {
                findings.Add(StorageAnswers.Explain($"queue {queue}", "Queue", storage.Queues.Uri, refused));
            }
        }

        return findings;
    }

    private async Task<Finding> LookAsync(string queue, CancellationToken cancellationToken)
    {
        var check = $"queue {queue}";
        var client = storage.Queue(queue);
        var count = (await client.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
        if (count == 0)
        {
            return Finding.Ok(check, "empty");
        }

        if (queue.EndsWith(Poison, StringComparison.Ordinal))
        {
            return Finding.Warning(
                check,
                $"{count} message(s) were given up",
                $"Read them there, mend the cause, put them back into {queue[..^Poison.Length]} (docs/operations.md, dead-letters)."
            );
        }

        // Peeking sees what nobody holds; the count has those in it that a worker or the app has taken.
        var waiting = (await client.PeekMessagesAsync(Peeked, cancellationToken)).Value;
        var oldest = waiting.Select(message => time.GetUtcNow() - (message.InsertedOn ?? time.GetUtcNow())).DefaultIfEmpty().Max();
        var taken = Math.Max(0, count - waiting.Length);
        var found = string.Create(
            CultureInfo.InvariantCulture,
            $"{count} message(s): {taken} taken, {waiting.Length} waiting{(waiting.Length > 0 ? $", the oldest for {oldest:d\\.hh\\:mm\\:ss}" : "")}"
        );
        return oldest > Late ? Finding.Warning(check, found, Advice(queue)) : Finding.Ok(check, found);
    }

    private string Advice(string queue) =>
        (queue is Queues.JobsCpu or Queues.JobsGpu, local) switch
        {
            (true, true) => "No worker takes them: is the stack running with --workers above 0? See .serverless/logs/worker.log.",
            (true, false) =>
                "No worker takes them: are there machines in the pool's scale set, is there Spot capacity and quota? (docs/operations.md, queue-age)",
            _ => "The app does not take them: is it running, and what do its logs say?",
        };
}
