using System.Text.Json;
using Serverless.Local.Durable;
using Serverless.Local.Logs;

namespace Serverless.Local.Tests.Durable;

/// <summary>
/// Compares, between two lives of the crash app, what its log had recorded with what its activities noted: one whose result was on
/// the disk when the process died must never have run again.
/// </summary>
internal sealed class ActivityLedger(string place)
{
    private readonly Dictionary<(string Instance, long Execution, int Task), string> scheduled = [];

    /// <summary>Runs of each activity (instance and input) at the time its result was first seen in the log.</summary>
    private readonly Dictionary<string, int> recorded = new(StringComparer.Ordinal);

    public int Recorded => recorded.Count;

    /// <summary>How often each activity of each instance ran.</summary>
    public Dictionary<string, int> Runs() =>
        Directory
            .GetFiles(Path.Combine(place, "notes"))
            .Where(file => !Path.GetFileName(file).StartsWith("acknowledged-", StringComparison.Ordinal))
            .SelectMany(file => File.ReadAllLines(file).Select(line => $"{Path.GetFileName(file)} {line}"))
            .CountBy(line => line)
            .ToDictionary(StringComparer.Ordinal);

    /// <summary>To be called after every end of the process, killed or not.</summary>
    public async Task CheckAsync()
    {
        var runs = Runs();
        Assert.All(recorded, known => Assert.Equal((known.Key, known.Value), (known.Key, runs.GetValueOrDefault(known.Key))));
        await foreach (var activity in CompletedAsync())
        {
            Assert.True(runs.TryGetValue(activity, out var count), $"the log has a result of '{activity}', which never ran");
            recorded.TryAdd(activity, count);
        }
    }

    /// <summary>Activities whose result the log holds; read from a copy, because opening a log cuts its torn tail.</summary>
    private async IAsyncEnumerable<string> CompletedAsync()
    {
        var copy = Directory.CreateTempSubdirectory("ledger-");
        try
        {
            foreach (var file in Directory.GetFiles(Path.Combine(place, "log"), "*.log", SearchOption.AllDirectories))
                File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
            await using var log = SegmentedLog.Open(copy.FullName, new LogOptions());
            foreach (var record in log.ReadFrom(log.Start))
            {
                Assert.False(record.IsDamaged, $"the log is damaged at position {record.Position}");
                foreach (var turn in TurnCodec.Read(record.Payload.Span).Turns)
                {
                    // An event is of a task that an earlier turn, or the same history before a compaction, decided.
                    foreach (var done in turn.Events.OfType<TaskCompleted>())
                    {
                        if (scheduled.TryGetValue((turn.InstanceId, turn.Execution, done.TaskId), out var input))
                            yield return $"{turn.InstanceId} {input}";
                    }
                    foreach (var call in turn.Decisions.OfType<ScheduleActivity>())
                        scheduled[(turn.InstanceId, turn.Execution, call.Id)] = JsonSerializer.Deserialize<string>(call.Input!)!;
                }
            }
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }
}
