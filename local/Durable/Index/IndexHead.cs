namespace Serverless.Local.Durable;

/// <summary>What the index says of itself.</summary>
/// <param name="Covers">Every record of the log before this position is in it.</param>
/// <param name="Bytes">Bytes of the log that belong to the instances in it.</param>
/// <param name="Witness">The newest record that is in it.</param>
internal sealed record IndexHead(long Covers, long Bytes, IndexWitness Witness)
{
    public static IndexHead Empty { get; } = new(0, 0, IndexWitness.None);
}

/// <summary>One record of the log, by which the index knows the log as its own.</summary>
internal sealed record IndexWitness(string Id, long Position, long Execution, long UpdatedAt)
{
    public static IndexWitness None { get; } = new(string.Empty, -1, 0, 0);

    /// <summary>The later one.</summary>
    public IndexWitness Or(InstanceImage image) =>
        image.Place.Last > Position ? new(image.Id, image.Place.Last, image.Execution, image.UpdatedAt) : this;
}
