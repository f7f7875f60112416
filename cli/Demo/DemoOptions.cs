using Serverless.Cli.Stack.Spot;

namespace Serverless.Cli.Demo;

/// <param name="Rows">Rows of the sample.</param>
/// <param name="Seed">Null: the next unused one.</param>
/// <param name="Port">Null: the usual one, or a free one when it is taken.</param>
/// <param name="StoragePort">As <paramref name="Port"/>.</param>
/// <param name="Evictions">Of workers; null: none.</param>
internal sealed record DemoOptions(int Rows, int? Seed, int? Port, int? StoragePort, RandomEvictionOptions? Evictions);
