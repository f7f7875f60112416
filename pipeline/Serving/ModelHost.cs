using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Monitoring;
using Serverless.Pipeline.Registry;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Serving;

/// <summary>
/// The models that this process answers with. It follows the aliases: a new champion is loaded and warmed beside the old one, then
/// takes its place at once; one that does not load never does. What it holds survives an outage of storage.
/// </summary>
public sealed class ModelHost : IDisposable
{
    private readonly IServedModels models;
    private readonly ServingOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<ModelHost> logger;
    private readonly ChampionLoader champions;
    private readonly VersionCache versions;
    private readonly ConcurrentDictionary<string, ChampionSlot> slots = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private Task? refresh;
    private volatile bool read;
    private volatile bool unreachable;

    public ModelHost(
        IServedModels models,
        ServingOptions options,
        TimeProvider time,
        ILogger<ModelHost> logger,
        PredictionCounts? counts = null
    )
    {
        (this.models, this.options, this.time, this.logger) = (models, options, time, logger);
        var loader = new ModelLoader(models, counts, logger);
        champions = new ChampionLoader(loader, IsServed, options, time, logger);
        versions = new VersionCache(loader, options, time);
    }

    /// <summary>Reads the aliases once and starts loading what changed; many callers at once share one reading.</summary>
    /// <exception cref="Exception">The registry could not be read; what is loaded goes on answering.</exception>
    public Task RefreshAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (refresh is null or { IsCompleted: true })
            {
                refresh = Task.Run(() => ReadAliasesAsync(stopping.Token), stopping.Token);
            }

            return refresh.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Refreshes and waits until every load that follows has ended; for tools and tests.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await Task.WhenAll(slots.Values.Select(slot => slot.Loading)).WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        stopping.Cancel();
        foreach (var slot in slots.Values)
        {
            slot.Switch(null);
        }

        versions.Clear();
        stopping.Dispose();
    }

    /// <summary>The champion, or the version asked for. Returns at once when it is loaded; else waits for its load.</summary>
    /// <exception cref="ServingException">404: no such model or version; 503: it does not load, or the registry cannot be read.</exception>
    internal ValueTask<ModelLease> LeaseAsync(string model, int? version, CancellationToken cancellationToken) =>
        slots.TryGetValue(model, out var slot)
        && (version is null || version == slot.Serving)
        && slot.TryLease(out var lease)
        && (version is null || lease.Manifest.Version == version || !GiveBack(lease))
            ? new ValueTask<ModelLease>(lease)
            : new ValueTask<ModelLease>(WaitAsync(model, version, cancellationToken));

    /// <summary>Whether this process can answer, and if not why.</summary>
    internal (bool Ready, string? Reason) Readiness()
    {
        if (!read)
        {
            return (false, unreachable ? "the registry cannot be read" : "the registry has not been read yet");
        }

        var all = slots.Values;
        var loading = all.Count(slot => slot.Serving is null && slot.Problem is null);
        if (loading > 0)
        {
            return (false, $"{loading} of {all.Count} models are loading");
        }

        return all.Count > 0 && all.All(slot => slot.Serving is null) ? (false, "no model in production loads") : (true, null);
    }

    /// <summary>How a model in production stands; null where there is none of the name.</summary>
    internal ChampionSlot? Find(string model) => slots.GetValueOrDefault(model);

    internal Task ReadyToListAsync(CancellationToken cancellationToken) => read ? Task.CompletedTask : ReadAsync(cancellationToken);

    private bool IsServed(ChampionSlot slot) =>
        !stopping.IsCancellationRequested && slots.TryGetValue(slot.Aliases.Model, out var held) && held == slot;

    private static bool GiveBack(ModelLease lease)
    {
        lease.Dispose();
        return true;
    }

    private async Task<ModelLease> WaitAsync(string model, int? version, CancellationToken cancellationToken)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        wait.CancelAfter(options.LoadWait);
        try
        {
            return version is { } named ? await VersionAsync(model, named, wait.Token) : await ChampionAsync(model, wait.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServingException(
                503,
                $"Model '{model}' is still loading after {options.LoadWait.TotalSeconds:0} s; try again later."
            );
        }
    }

    private async Task<ModelLease> ChampionAsync(string model, CancellationToken cancellationToken)
    {
        await ReadyToListAsync(cancellationToken);
        for (var asked = false; ; )
        {
            if (!slots.TryGetValue(model, out var slot))
            {
                if (asked)
                {
                    throw ServingException.UnknownModel(model);
                }

                // It may have been put into production since the last poll: whoever saw its run end is not told that it is unknown.
                await ReadAnewAsync(cancellationToken);
                asked = true;
                continue;
            }

            await slot.Loading.WaitAsync(cancellationToken);
            if (slot.TryLease(out var lease))
            {
                return lease;
            }

            if (slot.Problem is { } problem)
            {
                throw new ServingException(
                    503,
                    $"Version {problem.Version} of model '{model}' is in production and does not load: {problem.Message}"
                );
            }

            // Between being listed and being loaded, or just withdrawn: the next reading tells.
            await ReadAsync(cancellationToken);
        }
    }

    private async Task<ModelLease> VersionAsync(string model, int version, CancellationToken cancellationToken)
    {
        try
        {
            return await versions.LeaseAsync(model, version, cancellationToken) ?? throw ServingException.UnknownVersion(model, version);
        }
        catch (Exception failed) when (failed is not (OperationCanceledException or ServingException))
        {
            using var scope = logger.About(run: null, model, version);
            logger.LogWarning(failed, "Version {Version} of model {Model} was asked for and does not load", version, model);
            throw new ServingException(503, $"Version {version} of model '{model}' does not load: {failed.Message}");
        }
    }

    /// <summary>A reading that begins after this call; those who ask meanwhile share it, so that unknown names cost one query at a time.</summary>
    private async Task ReadAnewAsync(CancellationToken cancellationToken)
    {
        Task? running;
        lock (gate)
        {
            running = refresh;
        }

        if (running is { IsCompleted: false })
        {
            // It may have passed the row before it changed; whether it succeeds does not matter here.
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await ReadAsync(cancellationToken);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(cancellationToken);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw new ServingException(503, $"The registry cannot be read ({failed.Message.FirstLine()}); try again later.");
        }
    }

    private async Task ReadAliasesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ModelAliases> aliases;
        try
        {
            aliases = await models.ListAliasesAsync(cancellationToken);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            if (!unreachable)
            {
                logger.LogWarning(failed, "The registry cannot be read; {Models} loaded models go on answering", slots.Count);
            }

            unreachable = true;
            throw;
        }

        if (unreachable)
        {
            logger.LogInformation("The registry can be read again");
        }

        var inProduction = aliases.Where(alias => alias.Champion is not null).ToDictionary(alias => alias.Model);
        foreach (var (model, slot) in slots)
        {
            if (!inProduction.ContainsKey(model) && slots.TryRemove(model, out _))
            {
                slot.Switch(null);
                logger.LogInformation("Model {Model} is no longer in production", model);
            }
        }

        foreach (var alias in inProduction.Values)
        {
            var slot = slots.GetOrAdd(alias.Model, _ => new ChampionSlot(alias));
            slot.Aliases = alias;
            champions.Follow(slot, cancellationToken);
        }

        unreachable = false;
        read = true;
    }
}
