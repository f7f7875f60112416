using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Serving;

/// <summary>Brings a slot to the version that its alias names: the next one is loaded and warmed beside the one that answers.</summary>
/// <param name="loader">Reads a version.</param>
/// <param name="isServed">Whether a slot is still in production; what was loaded for one that is not is let go.</param>
/// <param name="options">When one that does not load is tried again.</param>
/// <param name="time">For that.</param>
/// <param name="logger">Says what answers, and what does not load.</param>
internal sealed class ChampionLoader(
    ModelLoader loader,
    Func<ChampionSlot, bool> isServed,
    ServingOptions options,
    TimeProvider time,
    ILogger logger
)
{
    /// <summary>Begins to load, if there is need; <see cref="ChampionSlot.Loading"/> tells the end.</summary>
    public void Follow(ChampionSlot slot, CancellationToken cancellationToken)
    {
        if (NeedsLoad(slot))
        {
            slot.Loading = LoadAsync(slot, slot.Aliases.Model, slot.Target, cancellationToken);
        }
    }

    private bool NeedsLoad(ChampionSlot slot) =>
        slot.Loading.IsCompleted
        && slot.Serving != slot.Target
        && !(slot.Problem is { } problem && problem.Version == slot.Target && problem.RetryAt > time.GetUtcNow());

    private async Task LoadAsync(ChampionSlot slot, string model, int version, CancellationToken cancellationToken)
    {
        using var scope = logger.About(run: null, model, version);
        var started = time.GetTimestamp();
        try
        {
            // Off the poll's thread: a load takes time, and the poll has other models to look after.
            var next =
                await Task.Run(() => loader.LoadAsync(model, version, cancellationToken), cancellationToken)
                ?? throw new InvalidDataException($"Model {model} has no version {version}, yet its alias names it.");
            slot.Problem = null;
            slot.Switch(next);
            if (!isServed(slot))
            {
                slot.Switch(null);
                return;
            }

            logger.LogInformation(
                "Model {Model} answers with version {Version}, loaded and warmed in {Milliseconds:0} ms",
                model,
                version,
                time.GetElapsedTime(started).TotalMilliseconds
            );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { }
        catch (Exception failed)
        {
            // Storage that does not answer is asked again at the next poll; a broken file hardly mends in a second.
            var retry = failed is InvalidDataException ? options.BrokenRetry : TimeSpan.Zero;
            var repeated = slot.Problem?.Version == version && slot.Problem.Message == failed.Message;
            slot.Problem = new LoadProblem(version, failed.Message.FirstLine(), time.GetUtcNow() + retry);
            logger.Log(
                repeated ? LogLevel.Debug : LogLevel.Error,
                failed,
                "Version {Version} of model {Model} does not load; {Serving} goes on answering",
                version,
                model,
                slot.Serving is { } serving ? $"version {serving}" : "nothing"
            );
        }
    }
}
