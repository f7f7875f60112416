namespace Serverless.Bench.Frame;

/// <summary>One line of the result: what we take, and what the plainest way to do the same takes, measured in turns.</summary>
/// <param name="Name">Benchmark and case: <c>infer/row over HTTP against bare ONNX Runtime</c>.</param>
/// <param name="Ours">Median of the rounds.</param>
/// <param name="Reference">Median of the rounds.</param>
/// <param name="Unit">Of both, such as µs.</param>
internal sealed record Figure(string Name, double Ours, double Reference, string Unit)
{
    /// <summary>Ours over reference: below 1 we are quicker.</summary>
    public double Ratio => Math.Round(Ours / Reference, 3);
}

/// <summary>A benchmark that can be asked for by name. One class a name; Program lists them.</summary>
internal interface IBenchmark
{
    string Name { get; }

    /// <summary>One sentence for the list of names.</summary>
    string About { get; }

    Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken);
}
