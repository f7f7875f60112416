using System.Globalization;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>
/// Runs a group's model, all its runs together within a time: a model that hangs must not take its partition to the end of the function's time,
/// behind which events are lost. A late run is ended between two steps of its graph. One that hangs within a step cannot be ended: it is left
/// behind, and keeps the group's rows and model until it ends by itself.
/// </summary>
internal sealed partial class TimedScoring : IDisposable
{
    /// <summary>What a run that was told to end has to do so.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ModelGroup group;
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenSource over;
    private readonly CancellationTokenSource ends;
    private readonly long started;

    public TimedScoring(ModelGroup group, TimeSpan limit, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        (this.group, this.limit, this.time, this.logger, cancellation) = (group, limit, time, logger, cancellationToken);
        over = new CancellationTokenSource(limit, time);
        ends = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        started = time.GetTimestamp();
    }

    /// <summary>Why a row has no score when the time is over.</summary>
    public string Late =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Model '{group.Lease.Manifest.Name}' version {group.Lease.Manifest.Version} had not scored its {group.Rows.Events.Count:N0} events of the batch after {limit:c}; raise Streaming__ScoreWait, make batches smaller (maxEventBatchSize), or put a quicker model into production."
        );

    /// <returns>Null: the time is over.</returns>
    /// <exception cref="OperationCanceledException">The batch was cancelled.</exception>
    public async Task<Predictions?> RunAsync(ColumnBatch columns)
    {
        cancellation.ThrowIfCancellationRequested();
        var left = limit - time.GetElapsedTime(started);
        if (left <= TimeSpan.Zero || over.IsCancellationRequested)
        {
            return null;
        }

        var (session, ended) = (group.Lease.Session, ends.Token);
        var run = Task.Run(() => session.ScoreUntil(columns, ended), CancellationToken.None);
        group.Run = run;
        try
        {
            return await run.WaitAsync(left + Grace, time, cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (TimeoutException) when (run.IsCompletedSuccessfully)
        {
            return await run;
        }
        catch (TimeoutException) when (!run.IsCompleted)
        {
            LeftBehind(logger, group.Lease.Manifest.Name, group.Lease.Manifest.Version, limit);
            return null;
        }
    }

    public void Dispose()
    {
        // On cancellation this runs within the token's own callbacks, before the one that would have told the run to end.
        ends.Cancel();
        ends.Dispose();
        over.Dispose();
    }

    [LoggerMessage(
        63,
        LogLevel.Error,
        "Model {Model} version {Version} hangs: its run was told to end after {Limit} and does not. It is left behind and keeps its thread and memory until the "
            + "app is started again"
    )]
    private static partial void LeftBehind(ILogger logger, string model, int version, TimeSpan limit);
}
