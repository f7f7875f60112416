using System.Collections.Concurrent;
using Serverless.Pipeline.Capacity;

namespace Serverless.GpuWorker.Tests.Gangs;

/// <summary>Scale sets that give each region's machines up to a number of its own, and then refuse, as a region without capacity does.</summary>
/// <param name="has">By region.</param>
/// <param name="start">Told the name and the region of each machine that comes.</param>
internal sealed class RegionSets(IReadOnlyDictionary<string, int> has, Action<string, string> start) : IScaleSets
{
    private static readonly Uri Short = new("https://stand-in/short");

    private readonly ConcurrentDictionary<string, ScaleSetView> sets = new();

    public Task<ScaleSetView> ReadAsync(Offer offer, CancellationToken cancellationToken) => Task.FromResult(Of(offer));

    public Task<Uri?> RaiseAsync(Offer offer, int capacity, string? etag, CancellationToken cancellationToken)
    {
        var there = Of(offer).Machines.ToList();
        foreach (var number in Enumerable.Range(there.Count, Math.Max(0, Math.Min(capacity, has[offer.Region]) - there.Count)))
        {
            there.Add($"{offer.Region}-{number}");
            start(there[^1], offer.Region);
        }

        sets[offer.ScaleSet] = new ScaleSetView(there.Count, null, there);
        return Task.FromResult(there.Count < capacity ? Short : null);
    }

    public Task<Uri?> DeleteAsync(Offer offer, IReadOnlyList<string> machines, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"Nobody idles so long that {string.Join(", ", machines)} had to go.");

    public Task<OperationView> LookAsync(Uri operation, CancellationToken cancellationToken) =>
        Task.FromResult(new OperationView(true, new Refusal(RefusalKind.NoCapacity, "AllocationFailed", "None left.")));

    private ScaleSetView Of(Offer offer) => sets.GetValueOrDefault(offer.ScaleSet) ?? new ScaleSetView(0, null, []);
}
