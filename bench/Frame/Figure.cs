namespace Serverless.Bench.Frame;

/// <summary>One line of the result: what we take, and what the plainest way to do the same takes, measured in turns.</summary>
/// <param name="Name">Benchmark and case: <c>infer/row over HTTP against bare ONNX Runtime</c>.</param>
/// <param name="Ours">Median of the rounds.</param>
/// <param name="Reference">Median of the rounds; null where nothing plainer does the same.</param>
/// <param name="Unit">Of both, such as µs. With a unit "/s" more is better.</param>
internal sealed record Figure(string Name, double Ours, double? Reference, string Unit)
{
    /// <summary>Ours over reference: below 1 we are quicker, or (of a rate) slower.</summary>
    public double? Ratio => Reference is { } reference ? Math.Round(Ours / reference, 3) : null;
}

/// <summary>A benchmark that can be asked for by name. One class a name; Program lists them.</summary>
internal interface IBenchmark
{
    string Name { get; }

    /// <summary>One sentence for the list of names.</summary>
    string About { get; }

    Task<IReadOnlyList<Figure>> RunAsync(CancellationToken cancellationToken);
}
