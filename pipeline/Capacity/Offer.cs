using System.Text.Json;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Storage;

namespace Serverless.Pipeline.Capacity;

/// <summary>One way to get a machine: a scale set of one size, in one region, as Spot or on demand.</summary>
/// <param name="Queue">Whose jobs its machines take: <c>jobs-cpu</c> or <c>jobs-gpu</c>.</param>
/// <param name="ScaleSet">Resource id in Azure.</param>
/// <param name="Size">As <c>Standard_NC4as_T4_v3</c>.</param>
/// <param name="Region">As <c>westeurope</c>.</param>
/// <param name="Spot">False is on demand, which the budget bounds.</param>
/// <param name="Max">Most machines at once, 1 to 1,000.</param>
public sealed record Offer(string Queue, string ScaleSet, string Size, string Region, bool Spot, int Max)
{
    /// <summary>For people.</summary>
    public string Text => $"{What} in {Region}";

    /// <summary>For people, where the region is known.</summary>
    public string What => $"{Size} {(Spot ? "Spot" : "on demand")}";

    /// <summary>Why no machine can be had for such jobs, for people.</summary>
    public static string WhyNone(string queue, MachineNeed need, IEnumerable<Offer> offers)
    {
        ArgumentNullException.ThrowIfNull(need);
        var there = offers.Where(offer => offer.Queue == queue).Select(offer => offer.Text).ToList();
        return $"no machine of {queue} is {need.Text}; offered are {(there.Count == 0 ? "none" : string.Join(", ", there))}";
    }

    /// <summary>Reads <see cref="CapacityOptions.Offers"/>; empty gives none.</summary>
    /// <exception cref="InvalidDataException">It is no such list; the message says which entry and what was expected.</exception>
    public static IReadOnlyList<Offer> Parse(string json)
    {
        const string Setting = $"Setting '{CapacityOptions.Section}__{nameof(CapacityOptions.Offers)}'";
        if (string.IsNullOrWhiteSpace(json))
        {
            return [];
        }

        List<Offer>? offers;
        try
        {
            offers = JsonSerializer.Deserialize<List<Offer>>(json, PipelineJson.Compact);
        }
        catch (JsonException broken)
        {
            throw new InvalidDataException(
                $"{Setting} is no list of offers: {broken.Message} Expected [{{queue, scaleSet, size, region, spot, max}}, ...].",
                broken
            );
        }

        foreach (var (offer, index) in (offers ?? []).Select((offer, index) => (offer, index)))
        {
            if (Mistake(offer) is { } mistake)
            {
                throw new InvalidDataException($"{Setting}, entry {index + 1}: {mistake}.");
            }
        }

        var twice = (offers ?? [])
            .GroupBy(offer => offer.ScaleSet, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(group => group.Count() > 1);
        return twice is null ? offers ?? [] : throw new InvalidDataException($"{Setting} has scale set {twice.Key} twice.");
    }

    private static string? Mistake(Offer? offer) =>
        offer switch
        {
            null => "found null; expected an offer",
            { Queue: not (Queues.JobsCpu or Queues.JobsGpu) } =>
                $"found queue '{offer.Queue}'; expected {Queues.JobsCpu} or {Queues.JobsGpu}",
            { ScaleSet: not { Length: > 0 } } => "found no scaleSet; expected the resource id of a scale set",
            { Size: not { Length: > 0 } } or { Region: not { Length: > 0 } } => "found no size or no region; both are needed",
            { Max: < 1 or > 1000 } => $"found max {offer.Max}; expected 1 to 1000",
            _ => null,
        };
}
