using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Streaming;

/// <summary>The events of a batch that name one model, and the version that the batch began with.</summary>
internal sealed class ModelGroup(ModelLease lease) : IDisposable
{
    public ModelLease Lease { get; } = lease;

    public EventRows Rows { get; } = new(lease.Layout);

    /// <summary>The model's last run, which may go on when the batch does not wait for it any more.</summary>
    public Task Run { get; set; } = Task.CompletedTask;

    /// <summary>Gives rows and model back when no run reads them.</summary>
    public void Dispose()
    {
        if (Run.IsCompleted)
        {
            GiveBack();
        }
        else
        {
            _ = Run.ContinueWith(_ => GiveBack(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private void GiveBack()
    {
        Rows.Dispose();
        Lease.Dispose();
    }
}

/// <summary>The groups of a batch; a model that cannot be had is asked for once a batch, not once an event.</summary>
internal sealed class ModelGroups(ModelWaiting models) : IDisposable
{
    private readonly Dictionary<string, ModelGroup> groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, BadEventException> refusals = new(StringComparer.Ordinal);

    public IReadOnlyCollection<ModelGroup> All => groups.Values;

    /// <exception cref="BadEventException">The model is unknown or does not load.</exception>
    public ValueTask<ModelGroup> GetAsync(string model, CancellationToken cancellationToken) =>
        groups.TryGetValue(model, out var group) ? new(group)
        : refusals.TryGetValue(model, out var refusal) ? throw new BadEventException(refusal.Reason, refusal.Message)
        : new(LeaseAsync(model, cancellationToken));

    public void Dispose()
    {
        foreach (var group in groups.Values)
        {
            group.Dispose();
        }
    }

    private async Task<ModelGroup> LeaseAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            return groups[model] = new ModelGroup(await models.LeaseAsync(model, cancellationToken));
        }
        catch (BadEventException refused)
        {
            refusals[model] = refused;
            throw;
        }
    }
}
