using System.Globalization;
using System.Text.Json;

namespace Serverless.Cli.Streaming;

/// <summary>Knows which results are still to come, and prints those that do.</summary>
internal sealed class ResultWait
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly Lock gate = new();
    private readonly HashSet<string> open = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private int results;
    private int doubles;

    public int Missing
    {
        get
        {
            lock (gate)
            {
                return open.Count;
            }
        }
    }

    /// <summary>Before the event is sent.</summary>
    public void Expect(string id)
    {
        lock (gate)
        {
            open.Add(id);
        }
    }

    /// <summary>Writes the results of expected events to standard output, each once, until it is cancelled.</summary>
    public async Task PrintAsync(HubReader reader, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var one in reader.ReadAsync(cancellationToken))
            {
                if (IsNew(one.EventBody))
                {
                    Console.Out.WriteLine(one.EventBody.ToString());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // All have come, or nobody waits any longer.
        }
    }

    /// <summary>Waits until none is missing, or none came for so long.</summary>
    public async Task EndAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var (last, since) = (-1, System.Diagnostics.Stopwatch.StartNew());
        while (Missing > 0 && since.Elapsed < patience)
        {
            var missing = Missing;
            if (missing != last)
            {
                last = missing;
                since.Restart();
            }

            await Task.Delay(Poll, cancellationToken);
        }
    }

    public string Summary()
    {
        lock (gate)
        {
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"{results:N0} results, {doubles:N0} of them doubles, {open.Count:N0} missing"
            );
            return open.Count == 0
                ? text
                : $"{text}. Events that cannot be scored go to container deadletter, with the reason; the first missing: {open.First()}";
        }
    }

    private bool IsNew(BinaryData result)
    {
        using var json = JsonDocument.Parse(result);
        var id = json.RootElement.GetProperty("id").GetString()!;
        var eventId = json.RootElement.GetProperty("eventId").GetString()!;
        lock (gate)
        {
            if (!open.Remove(eventId) && !seen.Contains(id))
            {
                // Of another sender.
                return false;
            }

            results++;
            doubles += seen.Add(id) ? 0 : 1;
            return true;
        }
    }
}
