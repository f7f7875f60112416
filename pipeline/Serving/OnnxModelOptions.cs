namespace Serverless.Pipeline.Serving;

/// <summary>How a session runs.</summary>
public sealed record OnnxModelOptions
{
    /// <summary>
    /// Threads of one run, 1 to 256. Default 1: one row is quicker on one thread than on two (4.7 against 7.4 microseconds), and a server
    /// has its requests to fill the other cores.
    /// </summary>
    public int IntraOpThreads { get; init; } = 1;

    /// <summary>Rows that go through the graph at once, 1 or more; larger batches are scored in slices, which bounds the memory. Default 4,096.</summary>
    public int SliceRows { get; init; } = 4096;
}
