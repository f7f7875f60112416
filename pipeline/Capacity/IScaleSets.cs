namespace Serverless.Pipeline.Capacity;

/// <summary>A scale set as Azure has it.</summary>
/// <param name="Capacity">How many machines were asked for.</param>
/// <param name="ETag">Changes with it; null where Azure gives none.</param>
/// <param name="Machines">Names of those that are there, or about to be.</param>
public sealed record ScaleSetView(int Capacity, string? ETag, IReadOnlyList<string> Machines);

/// <summary>How far a change has come.</summary>
/// <param name="Ended">It is over, well or not.</param>
/// <param name="Refusal">It failed; null while it has not.</param>
public sealed record OperationView(bool Ended, Refusal? Refusal);

/// <summary>
/// Scale sets. Every call is one request and waits for nothing: changes take minutes, and the next look asks how far they have come. All throw
/// <see cref="CapacityRefusedException"/> when Azure refuses.
/// </summary>
public interface IScaleSets
{
    Task<ScaleSetView> ReadAsync(Offer offer, CancellationToken cancellationToken);

    /// <summary>Asks for so many machines, unless the scale set is not as it was read.</summary>
    /// <returns>Where to ask how far it has come; null when it is done.</returns>
    Task<Uri?> RaiseAsync(Offer offer, int capacity, string? etag, CancellationToken cancellationToken);

    /// <summary>Deletes these machines and no other.</summary>
    /// <returns>Where to ask how far it has come; null when it is done.</returns>
    Task<Uri?> DeleteAsync(Offer offer, IReadOnlyList<string> machines, CancellationToken cancellationToken);

    Task<OperationView> LookAsync(Uri operation, CancellationToken cancellationToken);
}
