namespace Serverless.Pipeline.Jobs;

/// <summary>A leader waited in vain for the other workers of its job, which reach each other within one region only.</summary>
/// <param name="Region">As <c>westeurope</c>.</param>
/// <param name="Workers">How many were there, the leader among them.</param>
/// <param name="Since">When it began to wait.</param>
/// <param name="Until">When it gave the job back.</param>
public sealed record RegionTry(string Region, int Workers, DateTimeOffset Since, DateTimeOffset Until)
{
    public bool IsIn(string? region) => string.Equals(Region, region, StringComparison.OrdinalIgnoreCase);
}
