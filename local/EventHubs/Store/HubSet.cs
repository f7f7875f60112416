namespace Serverless.Local.EventHubs;

/// <summary>All hubs of the broker, by name without regard to case.</summary>
internal sealed class HubSet : IAsyncDisposable
{
    private readonly Dictionary<string, Hub> hubs = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<Hub> All => hubs.Values;

    public void Add(Hub hub) => hubs.Add(hub.Name, hub);

    public Hub? Find(string name) => hubs.GetValueOrDefault(name);

    public async ValueTask DisposeAsync()
    {
        foreach (var hub in hubs.Values)
            await hub.DisposeAsync();
    }
}
