using Serverless.Pipeline.Registry;

namespace Serverless.Pipeline.Serving;

/// <summary>Why a version is not served, and when it may be tried again.</summary>
internal sealed record LoadProblem(int Version, string Message, DateTimeOffset RetryAt);

/// <summary>One model in production: the session that answers and the version that should.</summary>
internal sealed class ChampionSlot(ModelAliases aliases)
{
    private ServedModel? current;

    /// <summary>As read at the latest poll.</summary>
    public ModelAliases Aliases { get; set; } = aliases;

    /// <summary>The load under way, or the latest one; never faulted.</summary>
    public Task Loading { get; set; } = Task.CompletedTask;

    /// <summary>Why <see cref="Target"/> is not served; null when it is, or is loading.</summary>
    public LoadProblem? Problem { get; set; }

    public int Target => Aliases.Champion ?? 0;

    /// <summary>The version that answers now; null before the first one is loaded.</summary>
    public int? Serving => Volatile.Read(ref current)?.Manifest.Version;

    public bool TryLease(out ModelLease lease)
    {
        while (Volatile.Read(ref current) is { } model)
        {
            if (model.TryUse())
            {
                lease = new ModelLease(model);
                return true;
            }
        }

        lease = default;
        return false;
    }

    /// <summary>From here on requests get <paramref name="next"/>; those under way keep what they have.</summary>
    public void Switch(ServedModel? next) => Interlocked.Exchange(ref current, next)?.LetGo();
}
