using Microsoft.DurableTask;
using Serverless.Pipeline.Runs;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Functions.Runs;

/// <summary>The custom status of a run, kept current: every change is shown at once.</summary>
internal sealed class RunProgress
{
    /// <summary>Of a failure, in characters: the platform refuses a status of more than 16 KB, and a refused status would hide the failure.</summary>
    private const int LongestFailure = 4000;

    private readonly TaskOrchestrationContext _context;
    private readonly DateTimeOffset _startedAt;

    public RunProgress(TaskOrchestrationContext context, RunInput input)
    {
        _context = context;
        _startedAt = Now;
        Status = new RunStatus
        {
            Pipeline = input.Pipeline,
            File = input.File,
            Stages = [.. Stages.All.Select(name => new StageStatus(name, StageState.Waiting))],
        };
    }

    public RunStatus Status { get; private set; }

    private DateTimeOffset Now => new(DateTime.SpecifyKind(_context.CurrentUtcDateTime, DateTimeKind.Utc));

    public void Start(string stage, Func<RunStatus, RunStatus>? change = null) =>
        Set(stage, status => status with { State = StageState.Running, StartedAt = status.StartedAt ?? Now, EndedAt = null }, change);

    public void Done(string stage, string? note, Func<RunStatus, RunStatus>? change = null) =>
        Set(stage, status => status with { State = StageState.Done, EndedAt = Now, Note = note }, change);

    public void Skip(string stage, string note) => Set(stage, status => status with { State = StageState.Skipped, Note = note }, null);

    /// <summary>The stage that runs waits again: an earlier one is to be done anew.</summary>
    public void Interrupt(string why)
    {
        var note = why.Length <= LongestFailure ? why : why[..LongestFailure] + " ...";
        foreach (var stage in Status.Stages.Where(stage => stage.State == StageState.Running))
        {
            Set(stage.Name, status => status with { State = StageState.Waiting, Note = note }, null);
        }
    }

    /// <summary>Counts the end of the run, once: not where it is replayed.</summary>
    public void Count(string state)
    {
        if (!_context.IsReplaying)
        {
            RunMetrics.Ended(Status.Pipeline, state, Now - _startedAt);
        }
    }

    /// <summary>The stage that runs (or the first that waits) has failed, and with it the run.</summary>
    public void Fail(string message)
    {
        Count("failed");
        var stage =
            Status.Stages.FirstOrDefault(candidate => candidate.State == StageState.Running)
            ?? Status.Stages.FirstOrDefault(candidate => candidate.State == StageState.Waiting);
        if (stage is not null)
        {
            Set(
                stage.Name,
                status => status with { State = StageState.Failed, StartedAt = status.StartedAt ?? Now, EndedAt = Now },
                status => status with { Failure = message.Length <= LongestFailure ? message : message[..LongestFailure] + " ..." }
            );
        }
    }

    private void Set(string stage, Func<StageStatus, StageStatus> change, Func<RunStatus, RunStatus>? more)
    {
        var status = Status with { Stages = [.. Status.Stages.Select(entry => entry.Name == stage ? change(entry) : entry)] };
        Status = more is null ? status : more(status);
        _context.SetCustomStatus(Status);
    }
}
